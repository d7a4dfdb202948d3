#include <holdfast/mqtt/publish.hpp>

#include <holdfast/topic/topic.hpp>

namespace holdfast::mqtt {

bool split_long_properties(PublishView& publish) noexcept {
    ByteReader reader(publish.payload);
    const auto length = read_variable_byte_integer(reader);
    if (!length || length.value() > reader.remaining()) return false;
    publish.properties = reader.rest().first(length.value());
    publish.payload = reader.rest().subspan(length.value());
    return true;
}

Error publish_error(std::uint8_t flags, ByteView body, Version version) {
    const unsigned qos = (flags >> 1U) & 0x03U;
    if (qos == 3) return fail(Errc::malformed, "PUBLISH with QoS 3");
    if ((flags & 0x0EU) == 0x08) return fail(Errc::malformed, "PUBLISH with DUP and QoS 0");
    if (body.size() < 2 || body.size() < 2U + load_u16_be(body.data()) + (qos != 0 ? 2U : 0U))
        return fail(Errc::malformed, "PUBLISH ends inside its header");
    PublishView publish;
    publish.payload = body.subspan(2U + load_u16_be(body.data()) + (qos != 0 ? 2U : 0U));
    const bool has_id = qos == 0 || load_u16_be(publish.payload.data() - 2) != 0;
    if (has_id && version == Version::v5 && !split_properties(publish))
        return fail(Errc::malformed, "PUBLISH ends inside its properties");
    return fail(Errc::malformed, "protocol error: PUBLISH with packet id 0");
}

Result<void> check_topic(std::string_view topic) {
    if (!is_utf8(topic)) return fail(Errc::malformed, "topic is not UTF-8");
    if (!topic::is_topic_name(topic)) return fail(Errc::malformed, "not a topic name");
    return ok();
}

void encode_publish(Bytes& out, const Publish& publish, Version version) {
    Bytes body;
    ByteWriter writer(body);
    writer.text_with_u16_length(publish.topic);
    if (publish.qos != Qos::at_most_once) writer.u16_be(publish.packet_id);
    if (version == Version::v5) write_properties(writer, publish.properties);
    writer.bytes(publish.payload);
    const unsigned flags = (publish.retain ? 1U : 0U) | static_cast<unsigned>(publish.qos) << 1U |
                           (publish.duplicate ? 8U : 0U);
    encode_packet(out, PacketType::publish, static_cast<std::uint8_t>(flags), body);
}

} // namespace holdfast::mqtt
