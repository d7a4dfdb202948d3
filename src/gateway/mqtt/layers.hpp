#pragma once

#include "gateway/tls/tls_session.hpp"
#include "gateway/ws/frame.hpp"

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::gateway {

// What stands between a socket and MQTT: TLS, WebSocket, or the one over the other. The socket is
// the channel's, and so is what it does not take: here are no queues but for one pong.
class Layers {
public:
    // What is written at once: a TLS record at most, in which a frame stands with its header.
    static constexpr std::size_t kChunkBytes = 16 * 1024;

    // MQTT over TLS, whose handshake is over.
    explicit Layers(TlsSession tls) : tls_(std::move(tls)) {}
    // MQTT over WebSocket, once the request is answered; `unread` came behind it.
    Layers(std::optional<TlsSession> tls, Bytes unread)
        : tls_(std::move(tls)), frames_(std::in_place), unread_(std::move(unread)) {
        has_more_ = true;
    }

    // What came for MQTT, into `buffer`, which takes several records. After the end 0, for ever.
    [[nodiscard]] std::size_t receive(int fd, std::span<std::byte> buffer);
    // Why nothing more comes; empty: something may.
    [[nodiscard]] std::string_view end() const noexcept { return end_; }
    // Whether receive() has something to give or to tell though the socket shows nothing.
    [[nodiscard]] bool has_more() const noexcept { return has_more_ || !end_.empty(); }
    // Whether receive() gets no further before the socket takes something.
    [[nodiscard]] bool awaits_room() const noexcept { return awaits_room_; }
    [[nodiscard]] bool is_peer_gone() const noexcept { return is_peer_gone_; }

    // About what it takes of memory beside what is unread, for the account.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return (tls_ ? kTlsMemoryBytes : 0) + (frames_ ? sizeof(Layers) : 0);
    }
    [[nodiscard]] bool is_websocket() const noexcept { return frames_.has_value(); }

    // What stands before so many bytes of MQTT.
    [[nodiscard]] ws::FrameHeader header_before(std::size_t bytes) const noexcept;
    // Gives how many of `bytes` the socket took; the rest must be given again first, with whatever
    // follows it. A socket that is gone takes all: what it still holds can be received.
    [[nodiscard]] std::size_t write(int fd, ByteView bytes);
    // The answer to the last ping, to be sent between two frames. Pings before it need none (RFC
    // 6455 section 5.5.3), so that a flood of them holds no memory.
    [[nodiscard]] Bytes take_pong() { return std::exchange(pong_, {}); }
    // A WebSocket's close frame: the last to be sent.
    [[nodiscard]] Bytes last_frame() const;
    // Tells a TLS peer that no more comes. Not while anything has to be given again.
    void shut_down() noexcept;

private:
    static constexpr std::size_t kTlsMemoryBytes = 24 * 1024; // of an idle session
    [[nodiscard]] std::size_t read_socket(int fd, std::span<std::byte> buffer);
    [[nodiscard]] std::size_t read_tls(std::span<std::byte> buffer);
    [[nodiscard]] std::size_t unframe(std::span<std::byte> bytes);
    void end_by_peer(std::string_view why);

    std::optional<TlsSession> tls_;
    std::optional<ws::FrameReader> frames_;
    Bytes unread_;
    Bytes pong_;
    std::string end_;
    std::optional<ws::CloseCode> close_code_; // said by the peer, or why it is closed
    bool has_more_ = false;
    bool awaits_room_ = false;
    bool is_peer_gone_ = false;
};

} // namespace holdfast::gateway
