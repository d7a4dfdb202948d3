#pragma once

#include <holdfast/base/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace holdfast::gateway::ws {

// WebSocket framing (RFC 6455) as a server of binary messages needs it: no extensions, no text.
// No I/O; what a client sends is read as it comes, whole frames are never waited for.

enum class Opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xA,
};

// Status codes of a close frame (section 7.4.1).
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    policy_violation = 1008,
    too_big = 1009,
};

// A piece of a binary message. Where messages begin and end is not told: MQTT packets may be split
// over them anywhere [MQTT5-6.0.0-1].
struct Data {
    std::span<std::byte> bytes; // in the input, unmasked
};
struct Ping {
    ByteView payload; // to be sent back; valid until the next read()
};
// The client's last frame.
struct Close {
    std::uint16_t code = 0; // 0: none was given
};
// The client broke the protocol: say `code`, then close.
struct Violation {
    CloseCode code{};
    std::string_view why; // static
};
struct Nothing {}; // all of the input was taken, and more is needed

using Event = std::variant<Nothing, Data, Ping, Close, Violation>;

// The receiving half of one connection. After Close or Violation it must not be asked again.
class FrameReader {
public:
    // The next event in `input`, from its start; `used` says how much of it was taken. Unmasks in
    // place. Keeps at most one control frame: 125 bytes.
    [[nodiscard]] Event read(std::span<std::byte> input, std::size_t& used);

private:
    static constexpr std::size_t kHeaderBytesMax = 14;
    static constexpr std::size_t kControlBytesMax = 125;

    [[nodiscard]] std::size_t header_bytes() const noexcept;
    [[nodiscard]] std::string_view check_header() const noexcept;
    [[nodiscard]] Event begin_frame();
    [[nodiscard]] Event end_control();
    void unmask(std::span<std::byte> bytes) noexcept;

    std::array<std::byte, kHeaderBytesMax> header_{};
    std::size_t header_size_ = 0;
    std::array<std::byte, kControlBytesMax> control_{};
    std::size_t control_size_ = 0;

    bool is_in_frame_ = false;
    Opcode opcode_{};
    std::uint64_t left_ = 0;          // of the frame's payload
    std::array<std::byte, 4> mask_{}; // rotated so that mask_[0] is for the next byte
    bool is_in_message_ = false;      // a continuation must follow
};

// The header of a frame that a server sends: whole, unmasked. 2, 4 or 10 bytes.
struct FrameHeader {
    std::array<std::byte, 10> bytes{};
    std::size_t size = 0;
    [[nodiscard]] ByteView view() const noexcept { return {bytes.data(), size}; }
};
[[nodiscard]] FrameHeader frame_header(Opcode opcode, std::uint64_t payload_bytes) noexcept;

// A whole close frame; `why` is cut at 123 bytes.
[[nodiscard]] Bytes close_frame(CloseCode code, std::string_view why);
// The answer to a Ping.
[[nodiscard]] Bytes pong_frame(ByteView payload);

// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key (section 4.2.2); empty where the key is not
// 16 bytes in base64.
[[nodiscard]] std::string accept_key(std::string_view key);

} // namespace holdfast::gateway::ws
