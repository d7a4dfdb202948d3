#include <holdfast/identity/lockout.hpp>

#include <algorithm>
#include <cassert>

namespace holdfast::identity {
namespace {

// No user's name and no address holds a line feed.
std::string key_of(std::string_view user, std::string_view address) {
    std::string key(address);
    key += '\n';
    key += user.substr(0, 256); // what is claimed may be as long as a packet
    return key;
}

} // namespace

std::int64_t Lockout::wait_of(const std::string& key, std::int64_t now_ms) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return 0;
    return std::max<std::int64_t>(0, found->second->until_ms - now_ms);
}

std::int64_t Lockout::wait_ms(std::string_view user, std::string_view address,
                              std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    return std::max(wait_of(key_of(user, address), now_ms), wait_of(std::string(address), now_ms));
}

void Lockout::count(const std::string& key, std::uint32_t free_failures, std::int64_t now_ms) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        if (entries_.size() >= settings_.entries_max) erase(entries_.front().key);
        entries_.push_back({key, 0, now_ms, 0});
        by_key_.emplace(entries_.back().key, std::prev(entries_.end()));
    } else {
        entries_.splice(entries_.end(), entries_, found->second);
    }
    Entry& entry = entries_.back();
    assert(entry.key == key && by_key_.size() == entries_.size());
    if (now_ms - entry.last_ms > settings_.forget_ms) entry.failures = 0;
    entry.last_ms = now_ms;
    ++entry.failures;
    if (entry.failures < free_failures) return;
    const std::uint32_t doublings = std::min(entry.failures - free_failures, 30U);
    const std::int64_t wait_ms = settings_.first_wait_ms << doublings;
    entry.until_ms = now_ms + std::min(wait_ms, settings_.wait_max_ms);
}

void Lockout::failed(std::string_view user, std::string_view address, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    count(key_of(user, address), settings_.user_failures, now_ms);
    count(std::string(address), settings_.address_failures, now_ms);
}

void Lockout::succeeded(std::string_view user, std::string_view address) {
    const std::lock_guard lock(mutex_);
    erase(key_of(user, address));
}

void Lockout::erase(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    const auto entry = found->second;
    by_key_.erase(found); // before the text that it views goes
    entries_.erase(entry);
}

std::size_t Lockout::entry_count() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

} // namespace holdfast::identity
