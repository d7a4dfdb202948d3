#include "broker/packet_edit.hpp"

namespace holdfast::broker {
namespace {

constexpr std::uint8_t kSubscriptionIdentifier = 0x0B; // MQTT5 section 2.2.2.2

struct VariableByteInteger {
    std::size_t value = 0;
    std::size_t bytes = 0;
};

VariableByteInteger read_integer(ByteView at) {
    VariableByteInteger out;
    for (unsigned shift = 0;; shift += 7) {
        const auto byte = std::to_integer<std::size_t>(at[out.bytes++]);
        out.value |= (byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0) return out;
    }
}

void write_integer(ByteWriter& out, std::size_t value) {
    for (; value >= 0x80; value >>= 7U) out.u8(static_cast<std::uint8_t>(value | 0x80U));
    out.u8(static_cast<std::uint8_t>(value));
}

// Start of the variable header.
std::size_t header_bytes(ByteView packet) {
    return 1 + read_integer(packet.subspan(1)).bytes;
}

} // namespace

std::string_view topic_of(ByteView packet) {
    const std::size_t topic = header_bytes(packet);
    return as_text(packet.subspan(topic + 2, load_u16_be(packet.data() + topic)));
}

bool has_packet_id(ByteView packet) {
    return (packet[0] & std::byte{0x06}) != std::byte{0};
}

ByteView take_packet(ByteView& packets) {
    const VariableByteInteger rest = read_integer(packets.subspan(1));
    const ByteView packet = packets.first(1 + rest.bytes + rest.value);
    packets = packets.subspan(packet.size());
    return packet;
}

std::uint32_t packet_id_position(ByteView packet) {
    const std::size_t topic = header_bytes(packet);
    return static_cast<std::uint32_t>(topic + 2 + load_u16_be(packet.data() + topic));
}

Bytes with_identifiers(ByteView packet, std::span<const std::uint32_t> identifiers) {
    if (identifiers.empty()) return Bytes(packet.begin(), packet.end());

    Bytes added;
    ByteWriter adder(added);
    for (const std::uint32_t identifier : identifiers) {
        adder.u8(kSubscriptionIdentifier);
        write_integer(adder, identifier);
    }
    const std::size_t fixed = header_bytes(packet);
    const std::size_t properties =
        packet_id_position(packet) + (has_packet_id(packet) ? 2U : 0U); // their length field
    const VariableByteInteger length = read_integer(packet.subspan(properties));

    Bytes body;
    ByteWriter writer(body);
    writer.bytes(packet.subspan(fixed, properties - fixed));
    write_integer(writer, length.value + added.size());
    writer.bytes(added);
    writer.bytes(packet.subspan(properties + length.bytes));

    Bytes out;
    ByteWriter whole(out);
    whole.u8(std::to_integer<std::uint8_t>(packet[0]));
    write_integer(whole, body.size());
    whole.bytes(body);
    return out;
}

} // namespace holdfast::broker
