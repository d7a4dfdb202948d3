#include <gateway/http/authentication.hpp>
#include <gateway/rest/identity_request.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/identity/authenticator.hpp>

#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

using access::AuditOutcome;

HttpResponse signed_in(const Identities& identities, const access::Principal& who, bool is_tls) {
    HttpResponse response = json_response(boost::json::object{{"name", who.name}});
    response.headers.push_back(set_cookie(identities.authenticator.sign_in(who), is_tls));
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

void login(const Identities& identities, const HttpRequest& request, const Reply& reply) {
    if (identities.users == nullptr) return reply.send(without_users());
    auto members = read_members(request.body, {"user", "password"});
    if (!members) return reply.send(problem(members.error()));
    auto user = text_member(members.value(), "user");
    if (!user) return reply.send(problem(user.error()));
    auto password = text_member(members.value(), "password");
    if (!password) return reply.send(problem(password.error()));

    const std::string address = request.caller->principal.address;
    // On a thread of the authenticator; the connection may be gone by then.
    auto checked = [identities, reply, address, is_tls = request.is_tls,
                    name = user.value()](const Result<access::Principal>& who) {
        if (who) {
            identities.audit.note({name, address, "login", "", AuditOutcome::done, ""});
            return reply.send(signed_in(identities, who.value(), is_tls));
        }
        identities.audit.note(
            {name, address, "login", "", AuditOutcome::refused, who.error().context});
        reply.send(refused_password(who.error(), identities.authenticator.wait_ms(name, address)));
    };
    identities.authenticator.check_password(std::move(user).value(), std::move(password).value(),
                                            address, std::move(checked));
}

// Whoever has the cookie may end its session.
void logout(const Identities& identities, const HttpRequest& request, const Reply& reply) {
    if (identities.users == nullptr) return reply.send(without_users());
    if (const auto cookie = session_cookie(request))
        if (const auto user = identities.authenticator.sign_out(*cookie))
            identities.audit.note(
                {*user, request.caller->principal.address, "logout", "", AuditOutcome::done, ""});
    HttpResponse response{204, "", {}, ""};
    response.headers.push_back(set_cookie("", request.is_tls));
    reply.send(std::move(response));
}

} // namespace

void add_login_routes(Router& router, const Identities& identities) {
    router.add("POST", "/api/v1/login", {}, Right::open("nobody is known before it"),
               [identities](const HttpRequest& request, const Reply& reply) {
                   login(identities, request, reply);
               });
    router.add("POST", "/api/v1/logout", {},
               Right::open("it only ends what its own cookie began, or what is over already"),
               [identities](const HttpRequest& request, const Reply& reply) {
                   logout(identities, request, reply);
               });
}

} // namespace holdfast::gateway
