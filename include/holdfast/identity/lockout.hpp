#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::identity {

struct LockoutSettings {
    std::uint32_t user_failures = 5;     // of one user from one address, before it has to wait
    std::uint32_t address_failures = 20; // of one address, whatever the user
    std::int64_t first_wait_ms = 1'000;  // doubled with each failure that follows
    std::int64_t wait_max_ms = 900'000;
    std::int64_t forget_ms = 3'600'000; // without a failure
    std::size_t entries_max = 20'000;   // about 200 B each; the longest untouched goes first
};

// Makes guessing slow: who failed too often waits, longer each time. A user waits per address, so
// that nobody can lock an administrator out from elsewhere. Thread-safe; times are monotonic.
class Lockout {
public:
    explicit Lockout(LockoutSettings settings = {}) : settings_(settings) {}

    // How long until `user` may try again from `address`, ms; 0 = now.
    [[nodiscard]] std::int64_t wait_ms(std::string_view user, std::string_view address,
                                       std::int64_t now_ms);
    void failed(std::string_view user, std::string_view address, std::int64_t now_ms);
    // Forgets the user's failures from that address, not the address's own: one valid account
    // must not buy an attacker guesses at the others.
    void succeeded(std::string_view user, std::string_view address);

    [[nodiscard]] std::size_t entry_count() const;

private:
    struct Entry {
        std::string key;
        std::uint32_t failures = 0;
        std::int64_t last_ms = 0;
        std::int64_t until_ms = 0;
    };
    using Entries = std::list<Entry>; // longest untouched first

    [[nodiscard]] std::int64_t wait_of(const std::string& key, std::int64_t now_ms) const;
    void count(const std::string& key, std::uint32_t free_failures, std::int64_t now_ms);
    void erase(const std::string& key);

    const LockoutSettings settings_;
    mutable std::mutex mutex_;
    Entries entries_;                                                // guarded by mutex_
    std::unordered_map<std::string_view, Entries::iterator> by_key_; // guarded; views into entries_
};

} // namespace holdfast::identity
