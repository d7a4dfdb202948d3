#pragma once

#include "gateway/tls_site.hpp"

#include <holdfast/base/bytes.hpp>

#include <catch2/catch.hpp>

#include <openssl/err.h>

#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <utility>

namespace holdfast::test {

// How MQTT is carried.
struct ChannelForm {
    const char* name;
    bool is_tls;
    bool is_websocket;
};
inline constexpr std::array kChannelForms{
    ChannelForm{"plain", false, false}, ChannelForm{"TLS", true, false},
    ChannelForm{"WebSocket", false, true}, ChannelForm{"WebSocket over TLS", true, true}};

// A WebSocket frame as clients send it: masked.
inline Bytes client_frame(unsigned first_byte, ByteView payload) {
    constexpr std::array mask{std::byte{0x12}, std::byte{0x34}, std::byte{0x56}, std::byte{0x78}};
    Bytes frame{static_cast<std::byte>(first_byte)};
    if (payload.size() < 126) {
        frame.push_back(static_cast<std::byte>(0x80U | payload.size()));
    } else {
        const bool is_short = payload.size() <= 0xFFFF;
        frame.push_back(std::byte{is_short ? std::uint8_t{0xFE} : std::uint8_t{0xFF}});
        for (unsigned shift = is_short ? 16 : 64; shift != 0; shift -= 8)
            frame.push_back(static_cast<std::byte>(payload.size() >> (shift - 8)));
    }
    frame.insert(frame.end(), mask.begin(), mask.end());
    for (std::size_t i = 0; i < payload.size(); ++i) frame.push_back(payload[i] ^ mask[i % 4]);
    return frame;
}

// The client's end of a socket pair, not blocking. It speaks TLS with OpenSSL's client, and frames
// by itself.
class ChannelClient {
public:
    ChannelClient(ChannelForm form, int fd) : form_(form), fd_(fd) {
        if (!form.is_tls) return;
        tls_.emplace();
        tls_->begin(fd);
    }
    ~ChannelClient() { hang_up(); }
    ChannelClient(const ChannelClient&) = delete;
    ChannelClient& operator=(const ChannelClient&) = delete;

    // One step of the handshake; true when it is over.
    bool shake() {
        const bool is_done = SSL_do_handshake(tls_->session.get()) == 1;
        ERR_clear_error();
        return is_done;
    }
    // MQTT bytes; a WebSocket carries them in one binary message.
    void say(ByteView mqtt) {
        say_raw(form_.is_websocket ? client_frame(0x82, mqtt) : Bytes(mqtt.begin(), mqtt.end()));
    }
    // Bytes as they are, under TLS at most. They have to fit into the socket.
    void say_raw(ByteView bytes) {
        const auto size = static_cast<ssize_t>(bytes.size());
        if (tls_)
            REQUIRE(SSL_write(tls_->session.get(), bytes.data(), static_cast<int>(size)) == size);
        else
            REQUIRE(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == size);
    }
    // MQTT bytes that have come since, perhaps none.
    Bytes hear() {
        std::array<std::byte, 8192> some{};
        for (;;) {
            const auto count = tls_ ? SSL_read(tls_->session.get(), some.data(), some.size())
                                    : ::recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
            if (count <= 0) {
                note_end(static_cast<int>(count));
                break;
            }
            wire_.insert(wire_.end(), some.begin(), some.begin() + count);
        }
        if (!form_.is_websocket) return std::exchange(wire_, {});
        Bytes mqtt;
        while (take_frame(mqtt)) {}
        return mqtt;
    }
    // What hear() has come across.
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
    [[nodiscard]] bool was_told_by_tls() const noexcept { return was_told_by_tls_; }
    [[nodiscard]] std::uint16_t close_code() const noexcept { return close_code_; }
    [[nodiscard]] const Bytes& last_pong() const noexcept { return last_pong_; }
    [[nodiscard]] int pongs() const noexcept { return pongs_; }

    void end_tls() { (void)SSL_shutdown(tls_->session.get()); }
    void hang_up() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    void note_end(int result) {
        if (tls_) {
            const int error = SSL_get_error(tls_->session.get(), result);
            was_told_by_tls_ |= error == SSL_ERROR_ZERO_RETURN;
            has_ended_ |= error != SSL_ERROR_WANT_READ;
            ERR_clear_error();
        } else {
            has_ended_ |= result == 0 || errno != EAGAIN;
        }
    }
    bool take_frame(Bytes& mqtt) {
        if (wire_.size() < 2) return false;
        std::size_t at = 2;
        std::size_t size = std::to_integer<std::size_t>(wire_[1]);
        const std::size_t length_bytes = size == 126 ? 2U : size == 127 ? 8U : 0U;
        if (wire_.size() < at + length_bytes) return false;
        if (length_bytes != 0) size = 0;
        for (std::size_t i = 0; i < length_bytes; ++i)
            size = size << 8U | std::to_integer<std::size_t>(wire_[at++]);
        if (wire_.size() < at + size) return false;
        const auto first = wire_.begin() + static_cast<std::ptrdiff_t>(at);
        const Bytes payload(first, first + static_cast<std::ptrdiff_t>(size));
        const auto opcode = std::to_integer<unsigned>(wire_[0]);
        wire_.erase(wire_.begin(), first + static_cast<std::ptrdiff_t>(size));
        if (opcode == 0x82) mqtt.insert(mqtt.end(), payload.begin(), payload.end());
        if (opcode == 0x8A) last_pong_ = payload, ++pongs_;
        if (opcode == 0x88) close_code_ = load_u16_be(payload.data());
        CHECK((opcode == 0x82 || opcode == 0x8A || opcode == 0x88));
        return true;
    }

    ChannelForm form_;
    int fd_;
    std::optional<TlsClient> tls_;
    Bytes wire_; // not taken apart yet
    Bytes last_pong_;
    int pongs_ = 0;
    std::uint16_t close_code_ = 0;
    bool has_ended_ = false;
    bool was_told_by_tls_ = false;
};

} // namespace holdfast::test
