#pragma once

#include "broker/session.hpp"

#include <holdfast/base/memory_account.hpp>

#include <cstddef>
#include <string_view>

namespace holdfast::broker {

// What a session keeps in memory as long as it lives: subscriptions, topic aliases, its will, and
// what it takes itself where it outlives its connection. The first kilobyte is free, so that plain
// clients never ask the shared account.

inline constexpr std::size_t kSessionBytes = 4096; // a persistent one with nothing in it

// Kept in the session's own table, in the index, and while retained messages are looked up.
[[nodiscard]] inline std::size_t memory_of_subscription(std::string_view filter) noexcept {
    return 512 + 3 * filter.size();
}
[[nodiscard]] std::size_t memory_of(const Will& will) noexcept;

// Takes nothing and gives false where the account has no more.
[[nodiscard]] bool try_keep(MemoryAccount& account, Session& session, std::size_t bytes) noexcept;
void keep(MemoryAccount& account, Session& session, std::size_t bytes) noexcept;
void let_go(MemoryAccount& account, Session& session, std::size_t bytes) noexcept;

} // namespace holdfast::broker
