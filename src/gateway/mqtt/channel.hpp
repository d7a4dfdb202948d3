#pragma once

#include "gateway/mqtt/backlog.hpp"

#include <cstddef>
#include <span>
#include <string_view>

struct iovec;

namespace holdfast::gateway {

// One connection's socket, and what it has not taken yet. Owns the socket. One thread at a time; it
// may move to another's between two calls.
class Channel {
public:
    // What came, or why nothing comes any more; neither: nothing for now.
    struct Received {
        std::size_t bytes = 0;
        std::string_view end{}; // valid until the next call
    };

    Channel() = default; // no connection
    explicit Channel(int fd) : fd_(fd) {}
    Channel(Channel&& other) noexcept;
    Channel& operator=(Channel&& other) noexcept;
    ~Channel() { close(); }

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }

    [[nodiscard]] Received receive(std::span<std::byte> buffer);
    // Sends the pieces in order, as far as they are taken now; gives the bytes that are. Not while
    // something is kept. A socket that is gone takes everything: receive() will tell.
    [[nodiscard]] std::size_t send(std::span<const iovec> pieces);
    // Keeps copies behind what is kept already, for flush().
    void keep(std::span<const iovec> pieces);
    // Sends of what is kept as much as is taken now. False where that is nothing.
    bool flush();

    [[nodiscard]] bool has_unsent() const noexcept { return !unsent_.empty(); }
    [[nodiscard]] std::size_t held_bytes() const noexcept { return unsent_.held_bytes(); }
    // Whether nobody is there who could read what we say.
    [[nodiscard]] bool is_peer_gone() const noexcept { return is_peer_gone_; }

    // Takes what the peer has sent and nobody will read, up to a bound; gives whether there was
    // any. Not into the buffer that connections are read into: a packet in there may be why this
    // one is closed.
    bool drain();
    // Says that nothing follows what was sent.
    void end_output();

private:
    void close() noexcept;

    int fd_ = -1;
    bool is_peer_gone_ = false;
    Backlog unsent_;
};

} // namespace holdfast::gateway
