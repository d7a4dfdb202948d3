#include <load/mqtt_wire.hpp>

namespace holdfast::load {
namespace {

// A packet from its first byte and body: the length goes between them.
Bytes framed(std::uint8_t first, const Bytes& body) {
    Bytes packet;
    ByteWriter out(packet);
    out.u8(first);
    std::size_t length = body.size();
    do {
        const auto more = static_cast<std::uint8_t>(length >= 128 ? 0x80U : 0U);
        out.u8(static_cast<std::uint8_t>(length & 0x7FU) | more);
        length >>= 7U;
    } while (length > 0);
    out.bytes(body);
    return packet;
}

} // namespace

Delivery read_publish(const Packet& packet, MqttVersion version) noexcept {
    Delivery delivery;
    const std::byte* at = packet.body;
    const std::byte* const end = packet.body + packet.body_bytes;
    const auto left = [&] { return static_cast<std::size_t>(end - at); };
    if (left() < 2) return delivery;
    const std::size_t topic_bytes = load_u16_be(at);
    const bool with_id = (packet.first & 0x06U) != 0;
    const std::size_t skipped = 2 + topic_bytes + (with_id ? 2U : 0U);
    if (left() < skipped) return delivery;
    if (with_id) delivery.packet_id = load_u16_be(at + 2 + topic_bytes);
    at += skipped;
    if (version == MqttVersion::v5) {
        std::size_t length = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (shift > 21 || left() == 0) return delivery;
            const auto byte = std::to_integer<std::size_t>(*at++);
            length |= (byte & 0x7FU) << shift;
            if ((byte & 0x80U) == 0) break;
        }
        if (left() < length) return delivery;
        at += length;
    }
    delivery.payload = at;
    delivery.payload_bytes = left();
    delivery.ok = true;
    return delivery;
}

PublishTemplate make_publish(MqttVersion version, std::string_view topic, unsigned qos,
                             std::size_t payload_bytes) {
    Bytes body;
    ByteWriter out(body);
    out.text_with_u16_length(topic);
    const std::size_t id_in_body = body.size();
    if (qos > 0) out.u16_be(0);
    if (version == MqttVersion::v5) out.u8(0); // no properties
    const std::size_t payload_in_body = body.size();
    body.resize(body.size() + payload_bytes);
    PublishTemplate made;
    made.bytes = framed(static_cast<std::uint8_t>(0x30U | qos << 1U), body);
    const std::size_t header_bytes = made.bytes.size() - body.size();
    made.packet_id_at = header_bytes + id_in_body;
    made.payload_at = header_bytes + payload_in_body;
    return made;
}

Bytes make_connect(MqttVersion version, std::string_view client_id, std::uint16_t keep_alive_s) {
    constexpr std::uint8_t kCleanStart = 0x02;
    Bytes body;
    ByteWriter out(body);
    out.text_with_u16_length(version == MqttVersion::v3_1 ? "MQIsdp" : "MQTT");
    out.u8(static_cast<std::uint8_t>(version));
    out.u8(kCleanStart);
    out.u16_be(keep_alive_s);
    if (version == MqttVersion::v5) out.u8(0);
    out.text_with_u16_length(client_id);
    return framed(0x10, body);
}

Bytes make_subscribe(MqttVersion version, std::string_view filter, unsigned qos) {
    Bytes body;
    ByteWriter out(body);
    out.u16_be(1);
    if (version == MqttVersion::v5) out.u8(0);
    out.text_with_u16_length(filter);
    out.u8(static_cast<std::uint8_t>(qos));
    return framed(0x82, body);
}

} // namespace holdfast::load
