#include <gateway/rest/identity_request.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/config/units.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/identity/tokens.hpp>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace holdfast::gateway {
namespace {

namespace json = boost::json;
using access::PrincipalKind;
using identity::Token;
using identity::Users;

constexpr std::size_t kTokensOfOneMax = 100; // each is a line of a file that is read whole
constexpr std::uint64_t kLifeMaxMs = 36'500ULL * 86'400'000;
constexpr std::size_t kLabelBytesMax = 200;
constexpr std::string_view kLifeByDefault = "90d";

json::object describe(const Token& token) {
    json::object out{{"id", token.id},
                     {"user", token.user},
                     {"label", token.label},
                     {"created_ms", token.created_ms}};
    out["expires_ms"] = token.expires_ms == 0 ? json::value() : json::value(token.expires_ms);
    return out;
}

// Whose tokens the request is about: one's own, or those of `named`. Errors: denied.
Result<std::string> owner_of(const HttpRequest& request, std::string_view named) {
    const std::string& own = request.caller->principal.name;
    if (named.empty() || named == own) return own;
    if (may_administer_users(request)) return std::string(named);
    return fail(Errc::denied, "the tokens of others are for who may administer users");
}

Result<HttpResponse> list(const Identities& identities, const HttpRequest& request) {
    HF_TRY(const std::string owner, owner_of(request, request.query_value("user").value_or("")));
    const auto directory = identities.authenticator.directory();
    json::array all;
    for (const Token& token : directory->users().tokens)
        if (owner == "*" || token.user == owner) all.push_back(describe(token));
    return json_response(all);
}

// Epoch milliseconds; 0 = never.
Result<std::int64_t> end_of_life(const std::string& expires, std::int64_t now_ms) {
    if (expires == "never") return std::int64_t{0};
    const auto life_ms = config::parse_duration_ms(expires);
    if (!life_ms || life_ms.value() == 0 || life_ms.value() > kLifeMaxMs)
        return fail(Errc::malformed,
                    "expires: a duration as 90d or 12h, at most 36500d, or never, is expected");
    return now_ms + static_cast<std::int64_t>(life_ms.value());
}

Result<void> add(Users& users, const Token& token) {
    if (users.find(token.user) == nullptr)
        return fail(Errc::not_found, fmt::format("there is no user '{}'", token.user));
    if (std::ranges::count(users.tokens, token.user, &Token::user) >=
        static_cast<std::ptrdiff_t>(kTokensOfOneMax))
        return fail(Errc::already_exists, fmt::format("'{}' has {} tokens: revoke one first",
                                                      token.user, kTokensOfOneMax));
    users.tokens.insert(std::ranges::lower_bound(users.tokens, token.id, {}, &Token::id), token);
    return ok();
}

Result<HttpResponse> create(const Identities& identities, const HttpRequest& request) {
    HF_TRY(const auto members, read_members(request.body, {"label", "expires", "user"}));
    HF_TRY(const auto label, optional_text(members, "label"));
    HF_TRY(const auto expires, optional_text(members, "expires"));
    HF_TRY(const auto named, optional_text(members, "user"));
    if (label && label->size() > kLabelBytesMax)
        return fail(Errc::malformed, fmt::format("label: over {} bytes", kLabelBytesMax));
    if (label && std::ranges::any_of(*label, [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
        return fail(Errc::malformed, "label: has a control character");
    // One that went astray must not live on in others that it made.
    if (request.caller->principal.kind == PrincipalKind::token && !may_administer_users(request))
        return fail(Errc::denied, "a token makes no tokens: sign in with the password");
    HF_TRY(const std::string owner, owner_of(request, named.value_or("")));
    const std::int64_t now_ms = identities.clock.now_ms();
    HF_TRY(const std::int64_t expires_ms,
           end_of_life(expires.value_or(std::string(kLifeByDefault)), now_ms));
    const auto made = identity::make_token(owner, label.value_or(""), now_ms, expires_ms);
    return change_users(
        identities, [&](Users& users) { return add(users, made.stored); },
        [&] {
            json::object out = describe(made.stored);
            out["token"] = made.text; // this once
            HttpResponse response = json_response(out, 201);
            response.headers.emplace_back("Cache-Control", "no-store");
            response.note = fmt::format("of user '{}'", owner);
            return response;
        });
}

Result<HttpResponse> revoke(const Identities& identities, const HttpRequest& request) {
    const std::string id(request.capture("id"));
    const bool may_all = may_administer_users(request);
    std::string owner;
    return change_users(
        identities,
        [&](Users& users) -> Result<void> {
            const Token* token = users.find_token(id);
            // Whether others have one of that id is not for all.
            if (token == nullptr || (token->user != request.caller->principal.name && !may_all))
                return fail(Errc::not_found, fmt::format("there is no token '{}'", id));
            owner = token->user;
            std::erase_if(users.tokens, [&](const Token& each) { return each.id == id; });
            return ok();
        },
        [&] {
            HttpResponse response{204, "", {}, ""};
            response.note = fmt::format("of user '{}'", owner);
            return response;
        });
}

} // namespace

void add_token_routes(Router& router, const Identities& identities, WorkQueue& changes) {
    using Work = Result<HttpResponse> (*)(const Identities&, const HttpRequest&);
    const auto asked = [&](Work work) {
        return [identities, work](const HttpRequest& request) -> Result<HttpResponse> {
            if (identities.users == nullptr) return without_users();
            if (request.caller->principal.kind == PrincipalKind::anonymous)
                return problem(401, "sign in first");
            return work(identities, request);
        };
    };
    router.add("GET", "/api/v1/tokens", {"user"}, Right::signed_in(),
               [work = asked(list)](const HttpRequest& request, const Reply& reply) {
                   auto answer = work(request);
                   reply.send(answer ? std::move(answer).value() : problem(answer.error()));
               });
    router.add("POST", "/api/v1/tokens", {}, Right::signed_in(), on_queue(changes, asked(create)));
    router.add("DELETE", "/api/v1/tokens/{id}", {}, Right::signed_in(),
               on_queue(changes, asked(revoke)));
}

} // namespace holdfast::gateway
