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

// Who sent a request, by its headers alone: `Authorization: Basic` or `Bearer`, the session cookie,
// or nobody, where the listener takes that. One for each connection; on its thread.
class Authentication {
public:
    // `door` outlives it; `address` is the peer's, without its port.
    Authentication(const HttpDoor& door, std::string address)
        : door_(door), address_(std::move(address)) {}

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

    // Whoever asks for what is open to all.
    [[nodiscard]] std::shared_ptr<const Caller> nobody() const;
    // The caller with the rights of now. Null where its user is gone, disabled, or the token
    // revoked. Cheap where nothing has changed.
    [[nodiscard]] std::shared_ptr<const Caller> renewed(std::shared_ptr<const Caller> was) const;

    // A 401 says how to sign in. A page's own request is not told of Basic: the browser would put
    // its own dialogue over the page's.
    static void add_challenge(const HttpRequest& request, HttpResponse& response);

private:
    void check_basic(std::string_view credentials, bool is_page, Done done) const;

    const HttpDoor& door_;
    const std::string address_;
};

} // namespace holdfast::gateway
