#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>

namespace holdfast::mqtt {

// MQTT5 section 2.1.2; 0 is reserved.
enum class PacketType : std::uint8_t {
    connect = 1,
    connack,
    publish,
    puback,
    pubrec,
    pubrel,
    pubcomp,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    pingreq,
    pingresp,
    disconnect,
    auth,
};

// The fixed header's flags that a packet other than PUBLISH must carry [MQTT5-2.1.3-1].
[[nodiscard]] constexpr bool flags_are_legal(PacketType type, std::uint8_t flags) noexcept {
    const bool wants_two = type == PacketType::pubrel || type == PacketType::subscribe ||
                           type == PacketType::unsubscribe;
    return flags == (wants_two ? 2 : 0);
}

enum class FrameStatus : std::uint8_t {
    whole,      // a packet is there
    incomplete, // more bytes are needed
    malformed,  // the length has more than four bytes, or more than it needs
    too_large,  // the packet would pass the limit: known before it has come
};

struct Frame {
    FrameStatus status = FrameStatus::incomplete;
    std::uint8_t first_byte = 0;
    ByteView body;              // variable header and payload; borrows from the input
    std::size_t size_bytes = 0; // of the whole packet
};

// Looks at the packet that `input` starts with. `packet_bytes_max` bounds it, fixed header
// included.
[[nodiscard]] inline Frame next_frame(ByteView input, std::uint32_t packet_bytes_max) noexcept {
    Frame frame;
    std::size_t length = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
        if (i >= input.size()) return frame;
        const auto byte = std::to_integer<std::size_t>(input[i]);
        length |= (byte & 0x7FU) << (7 * (i - 1));
        if ((byte & 0x80U) != 0) continue;
        if (byte == 0 && i != 1) break; // longer than it needs to be [MQTT5-1.5.5-1]
        frame.size_bytes = 1 + i + length;
        if (frame.size_bytes > packet_bytes_max) {
            frame.status = FrameStatus::too_large;
        } else if (frame.size_bytes <= input.size()) {
            frame.status = FrameStatus::whole;
            frame.first_byte = std::to_integer<std::uint8_t>(input[0]);
            frame.body = input.subspan(1 + i, length);
        }
        return frame;
    }
    frame.status = FrameStatus::malformed;
    return frame;
}

// MQTT's variable byte integer [MQTT5 1.5.5], at most 268,435,455. malformed where it is longer
// than four bytes or than it needs to be.
[[nodiscard]] Result<std::uint32_t> read_variable_byte_integer(ByteReader& reader);
void write_variable_byte_integer(ByteWriter& writer, std::uint32_t value);
[[nodiscard]] constexpr std::size_t variable_byte_integer_bytes(std::size_t value) noexcept {
    return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20'0000 ? 3 : 4;
}

// Writes it where there is room for it; gives the place behind it.
inline std::byte* put_variable_byte_integer(std::byte* at, std::size_t value) noexcept {
    for (; value >= 0x80; value >>= 7U) *at++ = static_cast<std::byte>(value | 0x80U);
    *at++ = static_cast<std::byte>(value);
    return at;
}

// Fixed header and body onto `out`.
void encode_packet(Bytes& out, PacketType type, std::uint8_t flags, ByteView body);

} // namespace holdfast::mqtt
