#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::load {

// The few MQTT packets of the generator's hot path, as raw bytes. Whatever is cheap here is
// not charged to the server that is measured on the same machine.

enum class MqttVersion : std::uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

inline constexpr std::uint8_t kPuback = 0x40;
inline constexpr std::uint8_t kPingreq = 0xC0;
inline constexpr std::uint8_t kPingresp = 0xD0;
inline constexpr std::uint8_t kDisconnect = 0xE0;

// One packet at the front of a buffer: `bytes` is 0 while its end has not arrived, and
// `malformed` is set when its length field is.
struct Packet {
    std::uint8_t first = 0; // type and flags
    const std::byte* body = nullptr;
    std::size_t body_bytes = 0;
    std::size_t bytes = 0; // header and body
    bool malformed = false;
};
[[nodiscard]] inline Packet front_packet(const std::byte* at, std::size_t available) noexcept {
    Packet packet;
    if (available < 2) return packet;
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        if (available < i + 2) return packet;
        const auto byte = std::to_integer<std::size_t>(at[1 + i]);
        length |= (byte & 0x7FU) << (7 * i);
        if ((byte & 0x80U) != 0) continue;
        if (available < i + 2 + length) return packet;
        packet.first = std::to_integer<std::uint8_t>(at[0]);
        packet.body = at + i + 2;
        packet.body_bytes = length;
        packet.bytes = i + 2 + length;
        return packet;
    }
    packet.malformed = true;
    return packet;
}

// The application message of a PUBLISH.
struct Delivery {
    bool ok = false;
    std::uint16_t packet_id = 0; // 0 for QoS 0
    const std::byte* payload = nullptr;
    std::size_t payload_bytes = 0;
};
[[nodiscard]] Delivery read_publish(const Packet& packet, MqttVersion version) noexcept;

// A PUBLISH with a payload of `payload_bytes` zero bytes; the packet id (QoS 1) lies at
// `packet_id_at`, the payload at `payload_at`: the caller patches both.
struct PublishTemplate {
    Bytes bytes;
    std::size_t packet_id_at = 0;
    std::size_t payload_at = 0;
};
[[nodiscard]] PublishTemplate make_publish(MqttVersion version, std::string_view topic,
                                           unsigned qos, std::size_t payload_bytes);

[[nodiscard]] Bytes make_connect(MqttVersion version, std::string_view client_id,
                                 std::uint16_t keep_alive_s);
[[nodiscard]] Bytes make_subscribe(MqttVersion version, std::string_view filter, unsigned qos);

} // namespace holdfast::load
