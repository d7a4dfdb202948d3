// Goal: PUBLISH round trips in every version, and its flags, lengths and topic are judged.
#include <holdfast/mqtt/publish.hpp>

#include "packet.hpp"

using namespace holdfast;
using namespace holdfast::mqtt;

TEST_CASE("PUBLISH round trips at every QoS and version", "[mqtt]") {
    for (const Version version : {Version::v31, Version::v311, Version::v5}) {
        for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
            Publish publish;
            publish.topic = "a/b";
            publish.payload = as_bytes("hello");
            publish.qos = qos;
            publish.retain = true;
            publish.duplicate = qos != Qos::at_most_once;
            publish.packet_id = qos == Qos::at_most_once ? 0 : 0x1234;
            if (version == Version::v5) publish.properties.content_type = "text";
            Bytes packet;
            encode_publish(packet, publish, version);
            const Frame frame = whole_frame(packet, PacketType::publish);
            const auto flags = static_cast<std::uint8_t>(frame.first_byte & 0x0FU);
            const auto decoded = decode_publish(flags, frame.body, version);
            REQUIRE(decoded.has_value());
            const PublishView& view = decoded.value();
            CHECK(view.topic == "a/b");
            CHECK(as_text(view.payload) == "hello");
            CHECK(view.packet_id == publish.packet_id);
            CHECK(view.qos == qos);
            CHECK(view.retain);
            CHECK(view.duplicate == publish.duplicate);
            CHECK(decode_properties(view.properties, PropertyOwner::publish).value() ==
                  publish.properties);
            const ByteView header = frame.body.first(frame.body.size() - view.payload.size());
            no_prefix_decodes(header,
                              [&](ByteView cut) { return decode_publish(flags, cut, version); });
        }
    }
}

TEST_CASE("illegal PUBLISH flags and packet ids are refused", "[mqtt]") {
    const Bytes body = bytes_of({0, 1, 'a', 0, 0, 0});
    const auto refusal = [&](std::uint8_t flags) {
        const auto decoded = decode_publish(flags, body, Version::v311);
        REQUIRE(decoded.has_error());
        return reason_of(decoded.error());
    };
    CHECK(refusal(0x06) == ReasonCode::malformed_packet); // [MQTT-3.3.1-4]
    CHECK(refusal(0x08) == ReasonCode::malformed_packet); // [MQTT-3.3.1-2]
    CHECK(refusal(0x02) == ReasonCode::protocol_error);   // [MQTT-2.2.1-3]
}

TEST_CASE("a topic to publish to is UTF-8 without wildcards", "[mqtt]") {
    CHECK(check_topic("a/ü").has_value());
    CHECK(check_topic("a/+").has_error());                                 // [MQTT-3.3.2-2]
    CHECK(check_topic("a\xFF").has_error());                               // [MQTT-1.5.4-1]
    CHECK(check_topic("").has_error());                                    // [MQTT-4.7.3-1]
    CHECK(decode_publish(0, bytes_of({0, 0}), Version::v311).has_value()); // an alias may stand
}
