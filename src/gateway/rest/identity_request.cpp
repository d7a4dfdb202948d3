#include <gateway/rest/identity_request.hpp>

#include <gateway/http/authentication.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::gateway {

namespace json = boost::json;

HttpResponse without_users() {
    return problem(
        409,
        "this site has no users: name `access` and `users` in the configuration, or make "
        "a site with `holdfast init`");
}

Result<json::object> read_members(std::string_view body,
                                  std::initializer_list<std::string_view> known) {
    HF_TRY(const auto members, json_members(body));
    for (const auto& [name, slice] : members)
        if (std::ranges::find(known, name) == known.end())
            return fail(Errc::malformed,
                        fmt::format("'{}' is none of {}", name, fmt::join(known, ", ")));
    HF_TRY(auto whole, parse_json(body));
    return std::move(whole.as_object());
}

Result<std::optional<std::string>> optional_text(const json::object& members,
                                                 std::string_view name) {
    const json::value* value = members.if_contains(name);
    if (value == nullptr) return std::optional<std::string>();
    if (!value->is_string())
        return fail(Errc::malformed, fmt::format("{}: a text is expected", name));
    return std::optional<std::string>(std::string_view(value->as_string()));
}

Result<std::string> text_member(const json::object& members, std::string_view name) {
    HF_TRY(auto text, optional_text(members, name));
    if (!text) return fail(Errc::malformed, fmt::format("{}: is missing", name));
    return std::move(*text);
}

Result<HttpResponse> change_users(const Identities& identities,
                                  const identity::UserStore::Change& change,
                                  const std::function<HttpResponse()>& done) {
    HF_TRY(const auto outcome, identities.users->change(change));
    if (outcome == identity::UserStore::Outcome::leaves_no_administrator)
        return problem(409,
                       "nobody could change users any more: this is the last active user with a "
                       "password and a role that may administer users");
    return done();
}

// Only for this site's own pages, and out of reach of their scripts; it ends with the browser.
std::pair<std::string, std::string> set_cookie(std::string_view value, bool is_tls) {
    return {"Set-Cookie",
            fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", kSessionCookie, value,
                        is_tls ? "; Secure" : "", value.empty() ? "; Max-Age=0" : "")};
}

bool may_administer_users(const HttpRequest& request) {
    return request.caller->rights.allows(access::Action::administer,
                                         access::Resource::area("users"));
}

} // namespace holdfast::gateway
