#pragma once

#include "gateway/mqtt/backlog.hpp"
#include "gateway/mqtt/layers.hpp"

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

struct iovec;

namespace holdfast::gateway {

// One connection: a socket, plain or with layers on it, and what it has not taken yet. Owns the
// socket. One thread at a time; it may move to another's between two calls, with all that was read
// and not given out. A plain one costs no more than its system calls.
class Channel {
public:
    // What came, or why nothing comes any more; neither: nothing for now.
    struct Received {
        std::size_t bytes = 0;
        std::string_view end{}; // valid until the next call
    };

    Channel() = default; // no connection
    explicit Channel(int fd) : fd_(fd) {}
    Channel(int fd, Layers layers)
        : fd_(fd), layers_(std::make_unique<Layers>(std::move(layers))) {}
    Channel(Channel&& other) noexcept;
    Channel& operator=(Channel&& other) noexcept;
    ~Channel() { close(); }

    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool has_layers() const noexcept { return layers_ != nullptr; }

    // `buffer`: of several times Layers::kChunkBytes.
    [[nodiscard]] Received receive(std::span<std::byte> buffer);
    // Whether receive() has something to give or to tell though the socket shows nothing.
    [[nodiscard]] bool has_more() const noexcept { return layers_ && layers_->has_more(); }
    // Whether receive() gets no further before the socket takes something.
    [[nodiscard]] bool awaits_room() const noexcept { return layers_ && layers_->awaits_room(); }

    // Sends the pieces in order, as far as they are taken now; gives the bytes that are. Not while
    // keep() has kept something. With layers, what was begun of a frame or record counts as taken
    // and is kept here: afterwards has_unsent() may be true. A socket that is gone takes
    // everything: receive() will tell.
    [[nodiscard]] std::size_t send(std::span<const iovec> pieces);
    // Keeps copies behind what is kept already, for flush().
    void keep(std::span<const iovec> pieces);
    // Sends of what is kept as much as is taken now. False where that is nothing.
    bool flush();

    [[nodiscard]] bool has_unsent() const noexcept { return !unsent_.empty(); }
    [[nodiscard]] std::size_t held_bytes() const noexcept { return unsent_.held_bytes(); }
    // Of its layers, for the account.
    [[nodiscard]] std::size_t layer_bytes() const noexcept {
        return layers_ ? layers_->memory_bytes() : 0;
    }
    // Whether nobody is there who could read what we say.
    [[nodiscard]] bool is_peer_gone() const noexcept {
        return is_peer_gone_ || (layers_ && layers_->is_peer_gone());
    }

    // Says, behind all else, that the connection is being closed, where there is a word for it.
    void say_goodbye();
    // Whether the peer answers that: a socket that is closed before would be reset.
    [[nodiscard]] bool expects_goodbye() const noexcept {
        return layers_ && layers_->is_websocket();
    }
    // Takes what the peer has sent and nobody will read, up to a bound; gives whether there was
    // any. Not into the buffer that connections are read into: a packet in there may be why this
    // one is closed.
    bool drain();
    // Says that nothing follows what was sent. Not while there is something unsent.
    void end_output();

private:
    [[nodiscard]] Received receive_layered(std::span<std::byte> buffer);
    [[nodiscard]] std::size_t send_layered(std::span<const iovec> pieces);
    bool flush_layered();
    void send_frame(ByteView frame);
    void close() noexcept;

    int fd_ = -1;
    bool is_peer_gone_ = false;
    std::unique_ptr<Layers> layers_; // null: the plain socket
    Backlog unsent_;                 // as the layers' first one takes it; frames are whole in it
};

} // namespace holdfast::gateway
