#include <holdfast/mqtt/connect.hpp>

#include <holdfast/topic/topic.hpp>

namespace holdfast::mqtt {
namespace {

// Connect flags, MQTT5 section 3.1.2.3.
constexpr unsigned kReserved = 0x01;
constexpr unsigned kCleanStart = 0x02;
constexpr unsigned kWill = 0x04;
constexpr unsigned kWillRetain = 0x20;
constexpr unsigned kPassword = 0x40;
constexpr unsigned kUserName = 0x80;

Result<Version> read_version(ByteReader& reader) {
    HF_TRY(const std::string_view name, reader.utf8_with_u16_length());
    HF_TRY(const std::uint8_t level, reader.u8());
    if (name == "MQIsdp" && level == 3) return Version::v31;
    if (name == "MQTT" && level == 4) return Version::v311;
    if (name == "MQTT" && level == 5) return Version::v5;
    if (name != "MQIsdp" && name != "MQTT") return fail(Errc::malformed, "not an MQTT CONNECT");
    return fail(Errc::not_supported, "protocol level other than MQTT 3.1, 3.1.1 and 5.0");
}

Result<void> check_flags(unsigned flags, Version version) {
    if ((flags & kReserved) != 0) return fail(Errc::malformed, "CONNECT with a reserved flag");
    const unsigned will_qos = flags >> 3U & 3U;
    if (will_qos == 3) return fail(Errc::malformed, "CONNECT with will QoS 3");
    if ((flags & kWill) == 0 && (will_qos != 0 || (flags & kWillRetain) != 0))
        return fail(Errc::malformed, "CONNECT with will flags but no will");
    if (version != Version::v5 && (flags & kPassword) != 0 && (flags & kUserName) == 0)
        return fail(Errc::malformed, "CONNECT with a password but no user name");
    return ok();
}

Result<Will> read_will(ByteReader& reader, unsigned flags, Version version) {
    Will will;
    will.qos = static_cast<Qos>(flags >> 3U & 3U);
    will.retain = (flags & kWillRetain) != 0;
    if (version == Version::v5) {
        HF_TRY(will.properties, read_properties(reader, PropertyOwner::will));
    }
    HF_TRY(will.topic, reader.utf8_with_u16_length());
    if (!topic::is_topic_name(will.topic))
        return fail(Errc::malformed, "will topic is not a topic name");
    HF_TRY(will.payload, reader.bytes_with_u16_length());
    return will;
}

} // namespace

Result<Connect> decode_connect(ByteView body) {
    ByteReader reader(body);
    Connect connect;
    HF_TRY(connect.version, read_version(reader));
    HF_TRY(const std::uint8_t flags, reader.u8());
    HF_TRY(check_flags(flags, connect.version));
    connect.clean_start = (flags & kCleanStart) != 0;
    HF_TRY(connect.keep_alive_s, reader.u16_be());
    if (connect.version == Version::v5) {
        HF_TRY(connect.properties, read_properties(reader, PropertyOwner::connect));
    }
    HF_TRY(connect.client_id, reader.utf8_with_u16_length());
    if ((flags & kWill) != 0) {
        HF_TRY(connect.will, read_will(reader, flags, connect.version));
    }
    if ((flags & kUserName) != 0) {
        HF_TRY(connect.user_name, reader.utf8_with_u16_length());
    }
    if ((flags & kPassword) != 0) {
        HF_TRY(connect.password, reader.bytes_with_u16_length());
    }
    if (!reader.empty()) return fail(Errc::malformed, "bytes behind CONNECT");
    return connect;
}

void encode_connect(Bytes& out, const Connect& connect) {
    unsigned flags = connect.clean_start ? kCleanStart : 0U;
    if (connect.will) {
        flags |= kWill | static_cast<unsigned>(connect.will->qos) << 3U;
        if (connect.will->retain) flags |= kWillRetain;
    }
    if (connect.user_name) flags |= kUserName;
    if (connect.password) flags |= kPassword;

    Bytes body;
    ByteWriter writer(body);
    writer.text_with_u16_length(connect.version == Version::v31 ? "MQIsdp" : "MQTT");
    writer.u8(static_cast<std::uint8_t>(connect.version));
    writer.u8(static_cast<std::uint8_t>(flags));
    writer.u16_be(connect.keep_alive_s);
    if (connect.version == Version::v5) write_properties(writer, connect.properties);
    writer.text_with_u16_length(connect.client_id);
    if (connect.will) {
        if (connect.version == Version::v5) write_properties(writer, connect.will->properties);
        writer.text_with_u16_length(connect.will->topic);
        writer.text_with_u16_length(as_text(connect.will->payload));
    }
    if (connect.user_name) writer.text_with_u16_length(*connect.user_name);
    if (connect.password) writer.text_with_u16_length(as_text(*connect.password));
    encode_packet(out, PacketType::connect, 0, body);
}

} // namespace holdfast::mqtt
