#pragma once

#include "gateway/mqtt/channel.hpp"

#include <holdfast/base/memory_account.hpp>

#include <cstddef>
#include <vector>

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

private:
    struct Closed {
        Channel channel;
        std::size_t accounted_bytes;
        int ticks_left;
    };
    static void flush(Channel& channel);

    MemoryAccount& memory_;
    std::vector<Closed> closed_;
};

} // namespace holdfast::gateway
