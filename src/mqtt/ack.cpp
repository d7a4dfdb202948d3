#include <holdfast/mqtt/ack.hpp>

namespace holdfast::mqtt {
namespace {

bool is_reason_of(PacketType type, ReasonCode reason) {
    if (reason == ReasonCode::success) return true;
    if (type == PacketType::pubrel || type == PacketType::pubcomp)
        return reason == ReasonCode::packet_identifier_not_found;
    switch (reason) {
        case ReasonCode::no_matching_subscribers:
        case ReasonCode::unspecified_error:
        case ReasonCode::implementation_specific_error:
        case ReasonCode::not_authorized:
        case ReasonCode::topic_name_invalid:
        case ReasonCode::packet_identifier_in_use:
        case ReasonCode::quota_exceeded:
        case ReasonCode::payload_format_invalid: return true;
        default: return false;
    }
}

} // namespace

Result<Ack> decode_ack(PacketType type, ByteView body, Version version) {
    ByteReader reader(body);
    Ack ack;
    ack.type = type;
    HF_TRY(ack.packet_id, reader.u16_be());
    if (ack.packet_id == 0) return fail(Errc::malformed, "protocol error: packet id 0");
    if (version == Version::v5 && !reader.empty()) {
        HF_TRY(const std::uint8_t reason, reader.u8());
        ack.reason = static_cast<ReasonCode>(reason);
        if (!is_reason_of(type, ack.reason))
            return fail(Errc::malformed, "protocol error: reason code does not belong");
        if (!reader.empty()) {
            HF_TRY(ack.properties, read_properties(reader, PropertyOwner::ack));
        }
    }
    if (!reader.empty()) return fail(Errc::malformed, "bytes behind an acknowledgement");
    return ack;
}

void encode_ack(Bytes& out, const Ack& ack, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.u16_be(ack.packet_id);
    const bool has_properties = !(ack.properties == Properties{});
    if (version == Version::v5 && (ack.reason != ReasonCode::success || has_properties)) {
        writer.u8(static_cast<std::uint8_t>(ack.reason));
        if (has_properties) write_properties(writer, ack.properties);
    }
    encode_packet(out, ack.type, ack.type == PacketType::pubrel ? 2 : 0, body);
}

} // namespace holdfast::mqtt
