#pragma once

#include "gateway/mqtt/backlog.hpp"

#include <holdfast/base/memory_account.hpp>

#include <cstddef>
#include <vector>

namespace holdfast::gateway {

// Sockets that were closed by us while the peer still sent, or had something left to read: kept for
// a moment, so that it reads what it was told before the connection is gone. One thread.
class Lingering {
public:
    explicit Lingering(MemoryAccount& memory) : memory_(memory) {}
    ~Lingering();
    Lingering(const Lingering&) = delete;
    Lingering& operator=(const Lingering&) = delete;

    // Takes the socket; closes it at once where too many linger, or memory is short.
    void add(int fd, Backlog unsent);
    // About once a second.
    void tick();

private:
    struct Socket {
        int fd;
        Backlog unsent;
        std::size_t accounted_bytes;
        int ticks_left;
    };
    void send(Socket& socket);
    void close(Socket& socket);

    MemoryAccount& memory_;
    std::vector<Socket> sockets_;
};

} // namespace holdfast::gateway
