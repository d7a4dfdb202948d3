#include <gateway/http/authentication.hpp>
#include <gateway/rest/identity_request.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/identity/password.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

using access::PrincipalKind;

struct NewPassword {
    std::string user;
    std::string address;
    std::string password;
    bool has_session = false; // came with a cookie: signed in again, so that its page goes on
    bool is_tls = false;
};

// On the queue of changes: hashing takes its time.
Result<HttpResponse> set_password(const Identities& identities, const NewPassword& wanted) {
    auto hash = identity::hash_password(wanted.password);
    if (!hash && hash.error().code == Errc::malformed)
        return fail(Errc::malformed, "new: " + hash.error().context);
    if (!hash) return std::move(hash).error();
    return change_users(
        identities,
        [&](identity::Users& users) -> Result<void> {
            const auto user = std::ranges::find(users.users, wanted.user, &identity::User::name);
            if (user == users.users.end())
                return fail(Errc::not_found, fmt::format("there is no user '{}'", wanted.user));
            user->password_hash = hash.value();
            return ok();
        },
        [&] {
            HttpResponse response{204, "", {}, ""};
            const auto who =
                identities.authenticator.directory()->principal(wanted.user, PrincipalKind::user);
            if (wanted.has_session && who)
                response.headers.push_back(
                    set_cookie(identities.authenticator.sign_in(*who), wanted.is_tls));
            return response;
        });
}

void change_own(const Identities& identities, WorkQueue& changes, const HttpRequest& request,
                const Reply& reply) {
    if (identities.users == nullptr) return reply.send(without_users());
    const access::Principal& who = request.caller->principal;
    if (who.kind == PrincipalKind::anonymous) return reply.send(problem(401, "sign in first"));
    if (who.name != request.capture("name"))
        return reply.send(problem(
            403, "only one's own password is changed here: an administrator changes the user"));
    auto members = read_members(request.body, {"old", "new"});
    if (!members) return reply.send(problem(members.error()));
    auto old = text_member(members.value(), "old");
    if (!old) return reply.send(problem(old.error()));
    auto fresh = text_member(members.value(), "new");
    if (!fresh) return reply.send(problem(fresh.error()));

    NewPassword wanted{who.name, who.address, std::move(fresh).value(),
                       !request.header("authorization") && session_cookie(request), request.is_tls};
    // Whoever found a browser signed in, or a token, does not know the old one, and may not guess.
    auto checked = [identities, &changes, reply,
                    wanted = std::move(wanted)](const Result<access::Principal>& known) {
        if (!known)
            return reply.send(refused_password(
                known.error(), identities.authenticator.wait_ms(wanted.user, wanted.address)));
        const bool pushed = changes.try_push([identities, reply, wanted] {
            auto answer = set_password(identities, wanted);
            reply.send(answer ? std::move(answer).value() : problem(answer.error()));
        });
        if (!pushed) reply.send(problem(503, "too many requests are waiting; try again later"));
    };
    identities.authenticator.check_password(who.name, std::move(old).value(), who.address,
                                            std::move(checked));
}

} // namespace

void add_password_route(Router& router, const Identities& identities, WorkQueue& changes) {
    router.add("POST", "/api/v1/users/{name}/password", {}, Right::signed_in(),
               [identities, &changes](const HttpRequest& request, const Reply& reply) {
                   change_own(identities, changes, request, reply);
               });
}

} // namespace holdfast::gateway
