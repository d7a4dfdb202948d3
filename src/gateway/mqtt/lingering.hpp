#pragma once

#include "gateway/mqtt/channel.hpp"

#include <holdfast/base/memory_account.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>

namespace holdfast::gateway {

// Connections that were closed by us while the peer still sent, or had something left to read: kept
// for a moment, so that it reads what it was told before the connection is gone. One thread.
class Lingering {
public:
    explicit Lingering(MemoryAccount& memory) : memory_(memory) {}
    ~Lingering();
    Lingering(const Lingering&) = delete;
    Lingering& operator=(const Lingering&) = delete;

    // Takes the connection; closes it at once where too many linger, or memory is short.
    void add(Channel channel);
    // About once a second.
    void tick();
    // Closes those whose moment is over, at most so many; gives how many these are.
    std::size_t end_late(std::size_t most);

private:
    struct Closed {
        Channel channel;
        std::size_t accounted_bytes;
        std::uint64_t last_tick;
    };
    static void flush(Channel& channel);

    MemoryAccount& memory_;
    std::deque<Closed> closed_; // by their last tick
    std::uint64_t ticks_ = 0;
};

} // namespace holdfast::gateway
