#include <holdfast/mqtt/unsubscribe.hpp>

namespace holdfast::mqtt {

Result<Unsubscribe> decode_unsubscribe(ByteView body, Version version) {
    ByteReader reader(body);
    Unsubscribe unsubscribe;
    HF_TRY(unsubscribe.packet_id, reader.u16_be());
    if (unsubscribe.packet_id == 0) return fail(Errc::malformed, "protocol error: packet id 0");
    if (version == Version::v5) {
        HF_TRY(unsubscribe.properties, read_properties(reader, PropertyOwner::unsubscribe));
    }
    while (!reader.empty()) {
        HF_TRY(unsubscribe.filters.emplace_back(), reader.utf8_with_u16_length());
    }
    if (unsubscribe.filters.empty())
        return fail(Errc::malformed, "protocol error: UNSUBSCRIBE without a topic filter");
    return unsubscribe;
}

void encode_unsubscribe(Bytes& out, const Unsubscribe& unsubscribe, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.u16_be(unsubscribe.packet_id);
    if (version == Version::v5) write_properties(writer, unsubscribe.properties);
    for (const std::string_view filter : unsubscribe.filters) writer.text_with_u16_length(filter);
    encode_packet(out, PacketType::unsubscribe, 2, body);
}

Result<SubscribeAnswer> decode_unsuback(ByteView body, Version version) {
    ByteReader reader(body);
    SubscribeAnswer answer;
    HF_TRY(answer.packet_id, reader.u16_be());
    if (version == Version::v5) {
        HF_TRY(answer.properties, read_properties(reader, PropertyOwner::unsuback));
        while (!reader.empty()) {
            HF_TRY(const std::uint8_t reason, reader.u8());
            answer.reasons.push_back(static_cast<ReasonCode>(reason));
        }
    }
    if (!reader.empty()) return fail(Errc::malformed, "bytes behind UNSUBACK");
    return answer;
}

void encode_unsuback(Bytes& out, const SubscribeAnswer& answer, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.u16_be(answer.packet_id);
    if (version == Version::v5) {
        write_properties(writer, answer.properties);
        for (const ReasonCode reason : answer.reasons) writer.u8(static_cast<std::uint8_t>(reason));
    }
    encode_packet(out, PacketType::unsuback, 0, body);
}

} // namespace holdfast::mqtt
