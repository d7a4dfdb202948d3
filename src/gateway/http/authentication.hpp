#pragma once

#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/message.hpp>
#include <holdfast/gateway/http/server.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// The cookie of a browser that signed in (POST /api/v1/login).
inline constexpr std::string_view kSessionCookie = "holdfast_session";
// Of that name in a Cookie header. Borrows.
[[nodiscard]] std::optional<std::string_view> session_cookie(const HttpRequest& request);

// Whom `Authorization: Basic`, or its like, says, unproven; empty where there is none.
[[nodiscard]] std::string claimed_user(const HttpRequest& request);

// The answer to what Authenticator::check_password() gave: 401, or 429 and 503 with Retry-After, as
// long as `wait_ms`. A page is not told of Basic.
[[nodiscard]] HttpResponse refused_password(const Error& error, std::int64_t wait_ms,
                                            bool is_page = true);

// Who sent a request, by its head alone: `Authorization` with Basic, Bearer or Token, `u` and `p`
// where the route takes them, the session cookie, or nobody, where the listener takes that. A
// client certificate stands for the user of its CN, and what the head says beside it must agree.
// One for each connection; on its thread.
class Authentication {
public:
    // `door` outlives it; `address` is the peer's, without its port.
    Authentication(const HttpDoor& door, std::string address)
        : door_(door), address_(std::move(address)) {}
    // Of the client's certificate, which was checked; empty: it has none.
    void certify(std::string common_name) { common_name_ = std::move(common_name); }

    // Either who it is, or the answer: 401 with WWW-Authenticate, 429 with Retry-After, 403 for a
    // change by cookie that says no Origin, 400, 503.
    struct Outcome {
        std::shared_ptr<const Caller> caller; // null where there is an answer
        HttpResponse answer{};
    };
    // `done` is called once: at once, or where a password is hashed on a thread of the
    // authenticator, where it must only post.
    using Done = std::function<void(Outcome)>;
    void recognise(const HttpRequest& request, Done done);

    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    // Whoever asks for what is open to all.
    [[nodiscard]] std::shared_ptr<const Caller> nobody() const;
    // The caller with the rights of now. Null where its user is gone, disabled, or the token
    // revoked. Cheap where nothing has changed.
    [[nodiscard]] std::shared_ptr<const Caller> renewed(std::shared_ptr<const Caller> was) const;

    // A 401 says how to sign in. A page's own request is not told of Basic: the browser would put
    // its own dialogue over the page's.
    static void add_challenge(const HttpRequest& request, HttpResponse& response);

private:
    void recognise_by_headers(const HttpRequest& request, Done done) const;
    void recognise_by_certificate(const HttpRequest& request, Done done) const;
    void check_basic(std::string_view credentials, bool is_page, Done done) const;
    void check_password(std::string_view pair, bool is_page, Done done) const; // "user:password"

    const HttpDoor& door_;
    const std::string address_;
    std::string common_name_;
};

} // namespace holdfast::gateway
