#pragma once

#include "broker/session.hpp"

#include <holdfast/base/memory_account.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::broker {

// The sessions of one shard, by slot and by client id. Slots are small and used again; a session
// stays where it is as long as it lives. One thread.
class SessionTable {
public:
    SessionTable(std::uint16_t shard, MemoryAccount& memory) : shard_(shard), memory_(memory) {}

    // Its state is `free` still: the caller's to set at once.
    [[nodiscard]] Session& add();
    // The session has that client id from now on, which nobody else has here.
    void name(Session& session, std::string client_id);
    // Its slot may be given out again, and what it kept in memory is given back.
    void free(Session& session);

    // Null where it is gone, or about to.
    [[nodiscard]] Session* find(SessionRef ref) noexcept;
    // Null where nobody has it.
    [[nodiscard]] Session* of_client(std::string_view client_id) noexcept;
    // Also of a free slot.
    [[nodiscard]] Session& operator[](std::uint32_t slot) noexcept { return sessions_[slot]; }
    [[nodiscard]] std::uint32_t slot_count() const noexcept {
        return static_cast<std::uint32_t>(sessions_.size());
    }
    // All slots, free ones among them.
    [[nodiscard]] auto begin() noexcept { return sessions_.begin(); }
    [[nodiscard]] auto end() noexcept { return sessions_.end(); }

private:
    const std::uint16_t shard_;
    MemoryAccount& memory_;
    std::deque<Session> sessions_; // by slot; a deque never moves them
    std::vector<std::uint32_t> free_slots_;
    // Which slot has a client id; the keys borrow from their sessions.
    std::unordered_map<std::string_view, std::uint32_t> slot_of_client_;
};

} // namespace holdfast::broker
