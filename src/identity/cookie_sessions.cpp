#include <holdfast/identity/cookie_sessions.hpp>

#include "identity/secret.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::identity {
namespace {

constexpr std::size_t kCookieBytes = 32;

} // namespace

bool CookieSessions::is_over(const Session& session, std::int64_t now_ms) const noexcept {
    return now_ms - session.used_ms >= settings_.idle_ms ||
           now_ms - session.opened_ms >= settings_.age_max_ms;
}

// Looks at all of them, which only happens where ten thousand signed in.
void CookieSessions::make_room(std::int64_t now_ms) {
    if (sessions_.size() < settings_.sessions_max) return;
    std::erase_if(sessions_, [&](const auto& entry) { return is_over(entry.second, now_ms); });
    if (sessions_.size() < settings_.sessions_max) return;
    sessions_.erase(std::ranges::min_element(
        sessions_, {}, [](const auto& entry) { return entry.second.used_ms; }));
}

std::string CookieSessions::open(Owner owner, std::int64_t now_ms) {
    std::string cookie = make_secret(kCookieBytes);
    std::string hash = sha256_hex(cookie);
    const std::lock_guard lock(mutex_);
    make_room(now_ms);
    sessions_.emplace(std::move(hash), Session{std::move(owner), now_ms, now_ms});
    return cookie;
}

std::optional<CookieSessions::Owner> CookieSessions::find(std::string_view cookie,
                                                          std::int64_t now_ms) {
    // Looked up by its hash: how long that takes tells nothing about the cookies there are.
    const std::string hash = sha256_hex(cookie);
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(hash);
    if (found == sessions_.end()) return std::nullopt;
    if (is_over(found->second, now_ms)) {
        sessions_.erase(found);
        return std::nullopt;
    }
    found->second.used_ms = now_ms;
    return found->second.owner;
}

void CookieSessions::close(std::string_view cookie) {
    const std::string hash = sha256_hex(cookie);
    const std::lock_guard lock(mutex_);
    sessions_.erase(hash);
}

void CookieSessions::close_all_of(std::string_view user) {
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const auto& entry) { return entry.second.owner.user == user; });
}

std::size_t CookieSessions::size() const {
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

} // namespace holdfast::identity
