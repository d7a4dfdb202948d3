#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <cstdint>
#include <string_view>

namespace holdfast::mqtt {

// PUBLISH, MQTT5 section 3.3. Borrows from the packet.
struct PublishView {
    std::string_view topic; // not looked at: see check_topic(); empty with a topic alias
    ByteView payload;
    ByteView properties;         // MQTT 5: encoded, behind their length, not looked at
    std::uint16_t packet_id = 0; // not 0 exactly when qos > 0
    Qos qos = Qos::at_most_once;
    bool retain = false;
    bool duplicate = false;
};

// Takes one PUBLISH apart. `flags` is the low nibble of the fixed header's first byte.
//
// Only lengths and flags are checked: the topic's text by check_topic(), which a caller who has
// seen the same bytes before may leave out, and properties by decode_properties(). Never
// allocates on success. malformed: QoS 3, DUP with QoS 0, packet id 0, a length past the end.
[[nodiscard]] inline Result<PublishView> decode_publish(std::uint8_t flags, ByteView body,
                                                        Version version);

// malformed where the bytes are no legal topic name: UTF-8, no wildcard, no U+0000, not empty.
[[nodiscard]] Result<void> check_topic(std::string_view topic);

struct Publish {
    std::string_view topic;
    ByteView payload;
    Properties properties;
    std::uint16_t packet_id = 0;
    Qos qos = Qos::at_most_once;
    bool retain = false;
    bool duplicate = false;
};
void encode_publish(Bytes& out, const Publish& publish, Version version);

// Cuts MQTT 5 properties off the start of `publish.payload`; false where they do not end in it.
[[nodiscard]] bool split_long_properties(PublishView& publish) noexcept;
[[nodiscard]] inline bool split_properties(PublishView& publish) noexcept {
    if (publish.payload.empty() || publish.payload[0] != std::byte{0})
        return split_long_properties(publish);
    publish.payload = publish.payload.subspan(1); // most have none
    return true;
}

// The error of a decode_publish() that failed, found a second time with room for words.
[[nodiscard]] Error publish_error(std::uint8_t flags, ByteView body, Version version);

// decode_publish() for a caller who reads `publish` only where this gives true, and asks
// publish_error() where not. What is read of it is the same.
[[nodiscard]] inline bool read_publish(std::uint8_t flags, ByteView body, Version version,
                                       PublishView& publish) noexcept {
    const unsigned qos = (flags >> 1U) & 0x03U;
    if (qos == 3 || (flags & 0x0EU) == 0x08 || body.size() < 2) return false;
    const std::byte* at = body.data();
    const std::size_t topic_bytes = load_u16_be(at);
    const std::size_t fixed = 2 + topic_bytes + (qos != 0 ? 2U : 0U);
    if (body.size() < fixed) return false;

    publish.topic = {reinterpret_cast<const char*>(at + 2), topic_bytes};
    publish.qos = static_cast<Qos>(qos);
    publish.retain = (flags & 0x01U) != 0;
    publish.duplicate = (flags & 0x08U) != 0;
    publish.packet_id = 0;
    if (qos != 0) {
        publish.packet_id = load_u16_be(at + fixed - 2);
        if (publish.packet_id == 0) return false;
    }
    publish.properties = {};
    publish.payload = body.subspan(fixed);
    return version != Version::v5 || split_properties(publish);
}

inline Result<PublishView> decode_publish(std::uint8_t flags, ByteView body, Version version) {
    PublishView publish;
    if (!read_publish(flags, body, version, publish)) return publish_error(flags, body, version);
    return publish;
}

} // namespace holdfast::mqtt
