#include <gateway/http/authentication.hpp>

#include <gateway/base64.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/identity/authenticator.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::gateway {
namespace {

using access::Principal;
using identity::Authenticator;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// "Basic abc": the scheme in lower case, and what follows it.
struct Authorization {
    std::string scheme;
    std::string_view credentials;
};
Authorization split(std::string_view header) {
    const auto space = header.find(' ');
    Authorization out{std::string(header.substr(0, space)), {}};
    std::ranges::transform(out.scheme, out.scheme.begin(), lower);
    if (space == std::string_view::npos) return out;
    out.credentials = header.substr(space);
    while (out.credentials.starts_with(' ')) out.credentials.remove_prefix(1);
    return out;
}

bool is_change(const HttpRequest& request) noexcept {
    return request.method != "GET" && request.method != "HEAD";
}

// Of a script of a page, as browsers say it; curl and programs do not.
bool is_of_page(const HttpRequest& request) noexcept {
    const auto mode = request.header("sec-fetch-mode");
    return mode && *mode != "navigate";
}

void add_challenge_for(bool is_page, HttpResponse& response) {
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"holdfast\"");
    if (!is_page)
        response.headers.emplace_back("WWW-Authenticate",
                                      "Basic realm=\"holdfast\", charset=\"UTF-8\"");
}

HttpResponse unauthorized(std::string_view why, bool is_page) {
    HttpResponse response = problem(401, why);
    add_challenge_for(is_page, response);
    return response;
}

HttpResponse answer_to(const Error& error, std::int64_t wait_ms, bool is_page) {
    if (error.code == Errc::denied) return unauthorized(error.context, is_page);
    HttpResponse response = problem(error);
    for (auto& [name, value] : response.headers)
        if (name == "Retry-After")
            value = std::to_string(std::max<std::int64_t>(1, (wait_ms + 999) / 1000));
    return response;
}

// The version is asked for before the directory: rights that change in between are renewed.
std::shared_ptr<const Caller> caller_of(const Authenticator& identity, Principal principal) {
    const std::uint64_t version = identity.version();
    const auto directory = identity.directory();
    access::Rights rights = directory->policy().rights_of(principal);
    return std::make_shared<const Caller>(Caller{std::move(principal), std::move(rights), version});
}

} // namespace

std::optional<std::string_view> session_cookie(const HttpRequest& request) {
    for (const auto& [name, value] : request.headers) {
        if (!std::ranges::equal(name, std::string_view("cookie"), {}, lower)) continue;
        std::string_view left = value;
        while (!left.empty()) {
            auto pair = left.substr(0, left.find(';'));
            left.remove_prefix(std::min(left.size(), pair.size() + 1));
            while (pair.starts_with(' ')) pair.remove_prefix(1);
            if (pair.starts_with(kSessionCookie) && pair.substr(kSessionCookie.size(), 1) == "=")
                return pair.substr(kSessionCookie.size() + 1);
        }
    }
    return std::nullopt;
}

void Authentication::add_challenge(const HttpRequest& request, HttpResponse& response) {
    add_challenge_for(is_of_page(request), response);
}

void Authentication::recognise(const HttpRequest& request, Done done) {
    if (door_.identity == nullptr) return done({everybody(), {}});
    Authenticator& identity = *door_.identity;
    const bool is_page = is_of_page(request);
    const auto give = [&](Result<Principal> who) {
        if (!who) return done({nullptr, answer_to(who.error(), 0, is_page)});
        done({caller_of(identity, std::move(who).value()), {}});
    };
    if (!identity.has_users()) return done({nobody(), {}});
    if (const auto header = request.header("authorization")) {
        const auto [scheme, credentials] = split(*header);
        if (scheme == "bearer") return give(identity.check_token(credentials, address_));
        if (scheme == "basic") return check_basic(credentials, is_page, std::move(done));
        return done({nullptr, unauthorized("Authorization: only Basic and Bearer", is_page)});
    }
    if (const auto cookie = session_cookie(request)) {
        // SameSite=Strict keeps the cookie from foreign pages; this keeps it from other ports of
        // this host and from browsers that do not know SameSite. A wrong Origin never comes here.
        if (is_change(request) && !request.header("origin"))
            return done({nullptr, problem(403, "a change by cookie must say its Origin")});
        return give(identity.check_cookie(*cookie, address_));
    }
    if (!door_.takes_anonymous) return done({nullptr, unauthorized("sign in first", is_page)});
    done({nobody(), {}});
}

std::shared_ptr<const Caller> Authentication::nobody() const {
    if (door_.identity == nullptr) return everybody();
    Principal nobody = door_.identity->directory()->anonymous();
    nobody.address = address_;
    return caller_of(*door_.identity, std::move(nobody));
}

void Authentication::check_basic(std::string_view credentials, bool is_page, Done done) const {
    const auto text = from_base64(credentials);
    const auto colon = text ? text.value().find(':') : std::string::npos;
    if (colon == std::string::npos)
        return done({nullptr, problem(400, "Authorization: Basic without user:password")});
    std::string user = text.value().substr(0, colon);
    std::string password = text.value().substr(colon + 1);
    Authenticator& identity = *door_.identity;
    // Nothing of *this: the connection may be gone when the password is checked.
    auto checked = [&identity, user, address = address_, is_page,
                    done = std::move(done)](Result<Principal> who) {
        if (who) return done({caller_of(identity, std::move(who).value()), {}});
        done({nullptr, answer_to(who.error(), identity.wait_ms(user, address), is_page)});
    };
    identity.check_password(std::move(user), std::move(password), address_, std::move(checked));
}

std::shared_ptr<const Caller> Authentication::renewed(std::shared_ptr<const Caller> was) const {
    if (door_.identity == nullptr || was->version == door_.identity->version()) return was;
    const std::uint64_t version = door_.identity->version();
    const auto directory = door_.identity->directory();
    auto principal = directory->renewed(was->principal);
    if (!principal) return nullptr;
    access::Rights rights = directory->policy().rights_of(*principal);
    return std::make_shared<const Caller>(
        Caller{std::move(*principal), std::move(rights), version});
}

} // namespace holdfast::gateway
