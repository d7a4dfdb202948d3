#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::identity {

struct CookieSettings {
    std::int64_t idle_ms = 12LL * 3'600'000;
    std::int64_t age_max_ms = 7LL * 86'400'000; // then a password is asked again, however busy
    std::size_t sessions_max = 10'000;          // of all; the longest idle one goes first
};

// Who signed in with a browser. In memory: a restart signs everybody out. Only hashes of the
// cookies are kept. Thread-safe; times are monotonic.
class CookieSessions {
public:
    explicit CookieSessions(CookieSettings settings = {}) : settings_(settings) {}

    struct Owner {
        std::string user;
        std::uint64_t password_id = 0; // that he signed in with

        friend bool operator==(const Owner&, const Owner&) = default;
    };
    // A new session; gives the cookie's value, 43 characters of base64url.
    [[nodiscard]] std::string open(Owner owner, std::int64_t now_ms);
    // Whose session it is, which counts as used now. Nothing where there is none (any more).
    [[nodiscard]] std::optional<Owner> find(std::string_view cookie, std::int64_t now_ms);
    void close(std::string_view cookie);
    void close_all_of(std::string_view user); // its password was changed, or it is gone
    [[nodiscard]] std::size_t size() const;

private:
    struct Session {
        Owner owner;
        std::int64_t opened_ms = 0;
        std::int64_t used_ms = 0;
    };
    [[nodiscard]] bool is_over(const Session& session, std::int64_t now_ms) const noexcept;
    void make_room(std::int64_t now_ms);

    const CookieSettings settings_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Session> sessions_; // by hash of the cookie; guarded by mutex_
};

} // namespace holdfast::identity
