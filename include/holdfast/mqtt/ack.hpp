#pragma once

#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

namespace holdfast::mqtt {

// PUBACK, PUBREC, PUBREL or PUBCOMP: one shape (MQTT5 sections 3.4 to 3.7).
struct Ack {
    PacketType type = PacketType::puback;
    std::uint16_t packet_id = 0;
    ReasonCode reason = ReasonCode::success;
    Properties properties;
};

// malformed: cut short, bytes behind the end, packet id 0, a reason that `type` does not have.
[[nodiscard]] Result<Ack> decode_ack(PacketType type, ByteView body, Version version);
void encode_ack(Bytes& out, const Ack& ack, Version version);

} // namespace holdfast::mqtt
