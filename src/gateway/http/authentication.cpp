#include <gateway/http/authentication.hpp>

#include <gateway/base64.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/identity/authenticator.hpp>
#include <holdfast/identity/users.hpp>

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

// "user:password" of the parameters `u` and `p`, which clients of InfluxDB 1 send. The router lets
// them pass where a route lists them only.
std::optional<std::string> password_in_query(const HttpRequest& request) {
    const auto user = request.query_value("u");
    const auto password = request.query_value("p");
    if (!user || !password || user->find(':') != std::string_view::npos) return std::nullopt;
    return fmt::format("{}:{}", *user, *password);
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

// The version is asked for before the directory: rights that change in between are renewed.
std::shared_ptr<const Caller> caller_of(const Authenticator& identity, Principal principal) {
    const std::uint64_t version = identity.version();
    const auto directory = identity.directory();
    access::Rights rights = directory->policy().rights_of(principal);
    return std::make_shared<const Caller>(Caller{std::move(principal), std::move(rights), version});
}

} // namespace

HttpResponse refused_password(const Error& error, std::int64_t wait_ms, bool is_page) {
    if (error.code == Errc::denied) return unauthorized(error.context, is_page);
    HttpResponse response = problem(error);
    for (auto& [name, value] : response.headers)
        if (name == "Retry-After")
            value = std::to_string(std::max<std::int64_t>(1, (wait_ms + 999) / 1000));
    return response;
}

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

std::string claimed_user(const HttpRequest& request) {
    std::string pair = password_in_query(request).value_or("");
    if (const auto header = request.header("authorization")) {
        const auto [scheme, credentials] = split(*header);
        pair.clear();
        if (scheme == "basic")
            if (auto decoded = from_base64(credentials)) pair = std::move(decoded).value();
        if (scheme == "token") pair = credentials;
    }
    const auto colon = pair.find(':');
    if (colon == std::string::npos) return {}; // a token names nobody
    return pair.substr(0, std::min(colon, identity::kUserNameBytesMax));
}

void Authentication::add_challenge(const HttpRequest& request, HttpResponse& response) {
    add_challenge_for(is_of_page(request), response);
}

void Authentication::recognise(const HttpRequest& request, Done done) {
    if (door_.identity == nullptr) return done({everybody(), {}});
    if (!door_.identity->has_users()) return done({nobody(), {}});
    if (common_name_.empty()) return recognise_by_headers(request, std::move(done));
    recognise_by_certificate(request, std::move(done));
}

void Authentication::recognise_by_certificate(const HttpRequest& request, Done done) const {
    const auto directory = door_.identity->directory();
    auto certified = directory->principal(common_name_, access::PrincipalKind::certificate);
    if (!certified)
        return done({nullptr, problem(403, fmt::format("no user has the name of the certificate: "
                                                       "'{}'",
                                                       common_name_))});
    certified->address = address_;
    certified->common_name = common_name_;
    auto caller = caller_of(*door_.identity, std::move(*certified));
    if (!request.header("authorization") && !password_in_query(request) && !session_cookie(request))
        return done({std::move(caller), {}});
    // The certificate is the stronger proof: what came beside it only has to agree.
    auto agree = [caller = std::move(caller), done = std::move(done)](Outcome outcome) {
        if (!outcome.caller) return done(std::move(outcome));
        if (outcome.caller->principal.name == caller->principal.name) return done({caller, {}});
        done({nullptr, problem(403, "the user is not the one of the certificate")});
    };
    recognise_by_headers(request, std::move(agree));
}

void Authentication::recognise_by_headers(const HttpRequest& request, Done done) const {
    Authenticator& identity = *door_.identity;
    const bool is_page = is_of_page(request);
    const auto give = [&](Result<Principal> who) {
        if (!who) return done({nullptr, refused_password(who.error(), 0, is_page)});
        done({caller_of(identity, std::move(who).value()), {}});
    };
    if (const auto header = request.header("authorization")) {
        const auto [scheme, credentials] = split(*header);
        // "Token" is what clients of InfluxDB say; for version 1 it may be user:password.
        if (scheme == "token" && credentials.find(':') != std::string_view::npos)
            return check_password(credentials, is_page, std::move(done));
        if (scheme == "bearer" || scheme == "token")
            return give(identity.check_token(credentials, address_));
        if (scheme == "basic") return check_basic(credentials, is_page, std::move(done));
        return done(
            {nullptr, unauthorized("Authorization: only Basic, Bearer and Token", is_page)});
    }
    if (const auto pair = password_in_query(request))
        return check_password(*pair, is_page, std::move(done));
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
    if (!text || text.value().find(':') == std::string::npos)
        return done({nullptr, problem(400, "Authorization: Basic without user:password")});
    check_password(text.value(), is_page, std::move(done));
}

void Authentication::check_password(std::string_view pair, bool is_page, Done done) const {
    const auto colon = pair.find(':');
    std::string user(pair.substr(0, colon));
    std::string password(pair.substr(colon + 1));
    Authenticator& identity = *door_.identity;
    // Nothing of *this: the connection may be gone when the password is checked.
    auto checked = [&identity, user, address = address_, is_page,
                    done = std::move(done)](Result<Principal> who) {
        if (who) return done({caller_of(identity, std::move(who).value()), {}});
        done({nullptr, refused_password(who.error(), identity.wait_ms(user, address), is_page)});
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
