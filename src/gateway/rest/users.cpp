#include <gateway/rest/identity_request.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/identity/password.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::Action;
using identity::User;
using identity::Users;

constexpr std::int64_t kPageMax = 10'000;

json::object describe(const User& user, std::size_t tokens) {
    return {{"name", user.name},
            {"roles", json::array(user.roles.begin(), user.roles.end())},
            {"disabled", user.is_disabled},
            {"has_password", !user.password_hash.empty()},
            {"tokens", tokens}};
}

Result<HttpResponse> list(const identity::Directory& directory, const HttpRequest& request) {
    HF_TRY(const std::int64_t limit, request.integer("limit", 1'000, 1, kPageMax));
    const Users& users = directory.users();
    std::map<std::string_view, std::size_t> tokens;
    for (const identity::Token& token : users.tokens) ++tokens[token.user];
    const auto after = request.query_value("after").value_or("");
    auto at = std::ranges::upper_bound(users.users, after, {}, &User::name);
    json::array page;
    for (; at != users.users.end() && std::ssize(page) < limit; ++at) {
        const auto found = tokens.find(at->name);
        page.push_back(describe(*at, found == tokens.end() ? 0 : found->second));
    }
    return json_response(page);
}

Result<HttpResponse> show(const identity::Directory& directory, std::string_view name,
                          unsigned status = 200) {
    const User* user = directory.users().find(name);
    if (user == nullptr) return fail(Errc::not_found, fmt::format("there is no user '{}'", name));
    const auto& all = directory.users().tokens;
    const auto tokens = std::ranges::count(all, user->name, &identity::Token::user);
    return json_response(describe(*user, static_cast<std::size_t>(tokens)), status);
}

// What a body says of a user; what it does not name stays.
struct Wanted {
    std::optional<std::vector<std::string>> roles;
    std::optional<bool> is_disabled;
    std::optional<std::string> password_hash; // empty: none any more
};

Result<std::vector<std::string>> read_roles(const json::value& value) {
    std::vector<std::string> roles;
    const auto* texts = value.if_array();
    if (texts == nullptr) return fail(Errc::malformed, "roles: an array of names is expected");
    for (const json::value& each : *texts) {
        if (!each.is_string()) return fail(Errc::malformed, "roles: an array of names is expected");
        const std::string_view role = each.as_string();
        if (std::ranges::find(roles, role) == roles.end()) roles.emplace_back(role);
    }
    return roles;
}

Result<std::string> read_password(const json::value& value) {
    if (value.is_null()) return std::string();
    if (!value.is_string()) return fail(Errc::malformed, "password: a text or null is expected");
    auto hash = identity::hash_password(std::string_view(value.as_string()));
    if (!hash && hash.error().code == Errc::malformed)
        return fail(Errc::malformed, "password: " + hash.error().context);
    return hash;
}

Result<Wanted> read_wanted(const json::object& members) {
    Wanted wanted;
    if (const json::value* roles = members.if_contains("roles")) {
        HF_TRY(wanted.roles, read_roles(*roles));
    }
    if (const json::value* disabled = members.if_contains("disabled")) {
        if (!disabled->is_bool())
            return fail(Errc::malformed, "disabled: true or false is expected");
        wanted.is_disabled = disabled->get_bool();
    }
    if (const json::value* password = members.if_contains("password")) {
        HF_TRY(wanted.password_hash, read_password(*password));
    }
    return wanted;
}

// For the audit: "roles: viewer -> viewer, operator; disabled; another password".
std::string apply(const Wanted& wanted, User& user) {
    std::string note;
    const auto add = [&](std::string text) { note += (note.empty() ? "" : "; ") + text; };
    if (wanted.roles && *wanted.roles != user.roles) {
        add(fmt::format("roles: {} -> {}", fmt::join(user.roles, ", "),
                        fmt::join(*wanted.roles, ", ")));
        user.roles = *wanted.roles;
    }
    if (wanted.is_disabled && *wanted.is_disabled != user.is_disabled) {
        add(*wanted.is_disabled ? "disabled" : "active again");
        user.is_disabled = *wanted.is_disabled;
    }
    if (wanted.password_hash) {
        add(wanted.password_hash->empty() ? "no password any more" : "another password");
        user.password_hash = *wanted.password_hash;
    }
    return note;
}

// Unknown roles are told by name before anything is done.
Result<void> check_roles(const Identities& identities, const Wanted& wanted) {
    if (!wanted.roles) return ok();
    const auto directory = identities.authenticator.directory();
    for (const std::string& role : *wanted.roles)
        if (!directory->policy().has_role(role))
            return fail(Errc::malformed,
                        fmt::format("roles: there is no role '{}'; there are {}", role,
                                    fmt::join(directory->policy().role_names(), ", ")));
    return ok();
}

HttpResponse shown(const Identities& identities, const std::string& name, std::string note,
                   unsigned status) {
    auto answer = show(*identities.authenticator.directory(), name, status);
    if (!answer) return problem(answer.error()); // somebody removed it meanwhile
    answer.value().note = std::move(note);
    return std::move(answer).value();
}

Result<HttpResponse> create(const Identities& identities, const HttpRequest& request) {
    HF_TRY(const auto members,
           read_members(request.body, {"name", "roles", "password", "disabled"}));
    HF_TRY(const std::string name, text_member(members, "name"));
    if (!identity::is_user_name(name))
        return fail(Errc::malformed,
                    fmt::format("name: 1 to {} bytes of UTF-8 without control characters, ':' and "
                                "blanks at its ends",
                                identity::kUserNameBytesMax));
    HF_TRY(const Wanted wanted, read_wanted(members));
    HF_TRY(check_roles(identities, wanted));
    std::string note;
    return change_users(
        identities,
        [&](Users& users) -> Result<void> {
            if (users.find(name) != nullptr)
                return fail(Errc::already_exists,
                            fmt::format("there is a user '{}' already", name));
            User user;
            user.name = name;
            note = apply(wanted, user);
            users.users.insert(std::ranges::lower_bound(users.users, name, {}, &User::name),
                               std::move(user));
            return ok();
        },
        [&] { return shown(identities, name, note, 201); });
}

Result<HttpResponse> patch(const Identities& identities, const HttpRequest& request) {
    const std::string name(request.capture("name"));
    HF_TRY(const auto members, read_members(request.body, {"roles", "password", "disabled"}));
    HF_TRY(show(*identities.authenticator.directory(), name)); // before a password is hashed
    HF_TRY(const Wanted wanted, read_wanted(members));
    HF_TRY(check_roles(identities, wanted));
    std::string note;
    return change_users(
        identities,
        [&](Users& users) -> Result<void> {
            const auto user = std::ranges::find(users.users, name, &User::name);
            if (user == users.users.end())
                return fail(Errc::not_found, fmt::format("there is no user '{}'", name));
            note = apply(wanted, *user);
            return ok();
        },
        [&] { return shown(identities, name, note, 200); });
}

Result<HttpResponse> remove(const Identities& identities, const HttpRequest& request) {
    const std::string name(request.capture("name"));
    std::size_t tokens = 0;
    return change_users(
        identities,
        [&](Users& users) -> Result<void> {
            if (std::erase_if(users.users, [&](const User& user) { return user.name == name; }) ==
                0)
                return fail(Errc::not_found, fmt::format("there is no user '{}'", name));
            tokens = std::erase_if(users.tokens, [&](const auto& t) { return t.user == name; });
            return ok();
        },
        [&] {
            HttpResponse response{204, "", {}, ""};
            if (tokens != 0) response.note = fmt::format("{} tokens of it went, too", tokens);
            return response;
        });
}

} // namespace

void add_user_routes(Router& router, const Identities& identities, WorkQueue& changes) {
    const auto read = [&](const char* path, std::initializer_list<std::string_view> query,
                          auto work) {
        router.add("GET", path, query, Right::area(Action::read, "users"),
                   [identities, work](const HttpRequest& request, const Reply& reply) {
                       if (identities.users == nullptr) return reply.send(without_users());
                       auto answer = work(*identities.authenticator.directory(), request);
                       reply.send(answer ? std::move(answer).value() : problem(answer.error()));
                   });
    };
    const auto change = [&](const char* method, const char* path, auto work) {
        router.add(method, path, {}, Right::area(Action::administer, "users"),
                   on_queue(changes,
                            [identities, work](const HttpRequest& request) -> Result<HttpResponse> {
                                if (identities.users == nullptr) return without_users();
                                return work(identities, request);
                            }));
    };
    read("/api/v1/users", {"after", "limit"}, list);
    change("POST", "/api/v1/users", create);
    read("/api/v1/users/{name}", {},
         [](const identity::Directory& directory, const HttpRequest& request) {
             return show(directory, request.capture("name"));
         });
    change("PATCH", "/api/v1/users/{name}", patch);
    change("DELETE", "/api/v1/users/{name}", remove);
}

} // namespace holdfast::gateway
