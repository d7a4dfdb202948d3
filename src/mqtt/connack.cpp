#include <holdfast/mqtt/connack.hpp>

namespace holdfast::mqtt {

Result<Connack> decode_connack(ByteView body, Version version) {
    ByteReader reader(body);
    Connack connack;
    HF_TRY(const std::uint8_t flags, reader.u8());
    if (flags > 1) return fail(Errc::malformed, "CONNACK with reserved flags");
    connack.session_present = flags == 1;
    HF_TRY(const std::uint8_t code, reader.u8());
    if (version == Version::v5) {
        connack.reason = static_cast<ReasonCode>(code);
        HF_TRY(connack.properties, read_properties(reader, PropertyOwner::connack));
    } else {
        connack.return_code = code;
        connack.reason = code == 0 ? ReasonCode::success : ReasonCode::unspecified_error;
    }
    if (!reader.empty()) return fail(Errc::malformed, "bytes behind CONNACK");
    return connack;
}

void encode_connack(Bytes& out, const Connack& connack, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.u8(connack.session_present ? 1 : 0);
    if (version == Version::v5) {
        writer.u8(static_cast<std::uint8_t>(connack.reason));
        write_properties(writer, connack.properties);
    } else {
        writer.u8(connect_return_code(connack.reason));
    }
    encode_packet(out, PacketType::connack, 0, body);
}

} // namespace holdfast::mqtt
