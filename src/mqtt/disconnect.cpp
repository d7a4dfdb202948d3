#include <holdfast/mqtt/disconnect.hpp>

namespace holdfast::mqtt {
namespace {

bool is_disconnect_reason(std::uint8_t code) {
    if (code == 0x00 || code == 0x04) return true;
    return code >= 0x80 && code <= 0xA2 && code != 0x84 && code != 0x85 && code != 0x86 &&
           code != 0x88 && code != 0x8A && code != 0x91 && code != 0x92;
}

// Reason and properties, either of which may be left out from the end.
template <class Packet>
Result<Packet> decode_reason_and_properties(ByteView body, PropertyOwner owner) {
    ByteReader reader(body);
    Packet packet;
    if (reader.empty()) return packet;
    HF_TRY(const std::uint8_t reason, reader.u8());
    packet.reason = static_cast<ReasonCode>(reason);
    if (!reader.empty()) {
        HF_TRY(packet.properties, read_properties(reader, owner));
    }
    if (!reader.empty()) return fail(Errc::malformed, "bytes behind the properties");
    return packet;
}

void encode_reason_and_properties(Bytes& out, PacketType type, ReasonCode reason,
                                  const Properties& properties) {
    Bytes body;
    ByteWriter writer(body);
    const bool has_properties = !(properties == Properties{});
    if (reason != ReasonCode::success || has_properties) {
        writer.u8(static_cast<std::uint8_t>(reason));
        if (has_properties) write_properties(writer, properties);
    }
    encode_packet(out, type, 0, body);
}

} // namespace

Result<Disconnect> decode_disconnect(ByteView body, Version version) {
    if (version != Version::v5) {
        if (!body.empty()) return fail(Errc::malformed, "DISCONNECT with a body");
        return Disconnect{};
    }
    HF_TRY(Disconnect packet,
           decode_reason_and_properties<Disconnect>(body, PropertyOwner::disconnect));
    if (!is_disconnect_reason(static_cast<std::uint8_t>(packet.reason)))
        return fail(Errc::malformed, "protocol error: reason code does not belong");
    return packet;
}

void encode_disconnect(Bytes& out, const Disconnect& disconnect, Version version) {
    if (version == Version::v5)
        encode_reason_and_properties(out, PacketType::disconnect, disconnect.reason,
                                     disconnect.properties);
    else
        encode_packet(out, PacketType::disconnect, 0, {});
}

Result<Auth> decode_auth(ByteView body) {
    HF_TRY(Auth packet, decode_reason_and_properties<Auth>(body, PropertyOwner::auth));
    if (packet.reason != ReasonCode::success &&
        packet.reason != ReasonCode::continue_authentication &&
        packet.reason != ReasonCode::re_authenticate)
        return fail(Errc::malformed, "protocol error: reason code does not belong");
    return packet;
}

void encode_auth(Bytes& out, const Auth& auth) {
    encode_reason_and_properties(out, PacketType::auth, auth.reason, auth.properties);
}

void encode_pingreq(Bytes& out) {
    encode_packet(out, PacketType::pingreq, 0, {});
}
void encode_pingresp(Bytes& out) {
    encode_packet(out, PacketType::pingresp, 0, {});
}

} // namespace holdfast::mqtt
