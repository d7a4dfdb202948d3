#include <holdfast/mqtt/subscribe.hpp>

namespace holdfast::mqtt {
namespace {

// Subscription options, MQTT5 section 3.8.3.1.
constexpr unsigned kNoLocal = 0x04;
constexpr unsigned kRetainAsPublished = 0x08;

Result<SubscriptionRequest> read_request(ByteReader& reader, Version version) {
    SubscriptionRequest request;
    HF_TRY(request.filter, reader.utf8_with_u16_length());
    HF_TRY(const std::uint8_t options, reader.u8());
    const unsigned reserved = version == Version::v5 ? 0xC0 : 0xFC;
    if ((options & reserved) != 0) return fail(Errc::malformed, "reserved subscription options");
    if ((options & 3U) == 3) return fail(Errc::malformed, "protocol error: SUBSCRIBE with QoS 3");
    request.qos = static_cast<Qos>(options & 3U);
    request.no_local = (options & kNoLocal) != 0;
    request.retain_as_published = (options & kRetainAsPublished) != 0;
    request.retain_handling = static_cast<std::uint8_t>(options >> 4U & 3U);
    if (request.retain_handling == 3)
        return fail(Errc::malformed, "protocol error: retain handling 3");
    if (request.no_local && request.filter.starts_with("$share/"))
        return fail(Errc::malformed, "protocol error: no-local on a shared subscription");
    return request;
}

} // namespace

Result<Subscribe> decode_subscribe(ByteView body, Version version) {
    ByteReader reader(body);
    Subscribe subscribe;
    HF_TRY(subscribe.packet_id, reader.u16_be());
    if (subscribe.packet_id == 0) return fail(Errc::malformed, "protocol error: packet id 0");
    if (version == Version::v5) {
        HF_TRY(subscribe.properties, read_properties(reader, PropertyOwner::subscribe));
    }
    while (!reader.empty()) {
        HF_TRY(subscribe.requests.emplace_back(), read_request(reader, version));
    }
    if (subscribe.requests.empty())
        return fail(Errc::malformed, "protocol error: SUBSCRIBE without a topic filter");
    return subscribe;
}

void encode_subscribe(Bytes& out, const Subscribe& subscribe, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.u16_be(subscribe.packet_id);
    if (version == Version::v5) write_properties(writer, subscribe.properties);
    for (const SubscriptionRequest& request : subscribe.requests) {
        writer.text_with_u16_length(request.filter);
        unsigned options = static_cast<unsigned>(request.qos);
        if (version == Version::v5) {
            if (request.no_local) options |= kNoLocal;
            if (request.retain_as_published) options |= kRetainAsPublished;
            options |= static_cast<unsigned>(request.retain_handling) << 4U;
        }
        writer.u8(static_cast<std::uint8_t>(options));
    }
    encode_packet(out, PacketType::subscribe, 2, body);
}

Result<SubscribeAnswer> decode_suback(ByteView body, Version version) {
    ByteReader reader(body);
    SubscribeAnswer answer;
    HF_TRY(answer.packet_id, reader.u16_be());
    if (version == Version::v5) {
        HF_TRY(answer.properties, read_properties(reader, PropertyOwner::suback));
    }
    while (!reader.empty()) {
        HF_TRY(const std::uint8_t reason, reader.u8());
        answer.reasons.push_back(static_cast<ReasonCode>(reason));
    }
    if (answer.reasons.empty()) return fail(Errc::malformed, "SUBACK without a reason");
    return answer;
}

void encode_suback(Bytes& out, const SubscribeAnswer& answer, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.u16_be(answer.packet_id);
    if (version == Version::v5) write_properties(writer, answer.properties);
    for (const ReasonCode reason : answer.reasons) {
        const auto code = static_cast<std::uint8_t>(reason);
        writer.u8(version != Version::v5 && code > 2 ? std::uint8_t{0x80} : code);
    }
    encode_packet(out, PacketType::suback, 0, body);
}

} // namespace holdfast::mqtt
