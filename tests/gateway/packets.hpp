#pragma once

#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/subscribe.hpp>

#include <cstdint>
#include <string>
#include <string_view>

// What MQTT 3.1.1 clients of a test send and read.
namespace holdfast::test {

inline Bytes connect_packet(std::string_view client_id, bool clean = true) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v311;
    packet.client_id = client_id;
    packet.clean_start = clean;
    Bytes out;
    mqtt::encode_connect(out, packet);
    return out;
}

inline void add_publish(Bytes& out, std::string_view payload, std::uint16_t packet_id) {
    mqtt::Publish packet;
    packet.topic = "t";
    packet.payload = as_bytes(payload);
    packet.packet_id = packet_id;
    packet.qos = packet_id == 0 ? mqtt::Qos::at_most_once : mqtt::Qos::at_least_once;
    mqtt::encode_publish(out, packet, mqtt::Version::v311);
}

inline Bytes subscribe_packet(mqtt::Qos qos) {
    mqtt::Subscribe packet;
    packet.packet_id = 1;
    packet.requests.push_back({"#", qos, false, false, 0});
    Bytes out;
    mqtt::encode_subscribe(out, packet, mqtt::Version::v311);
    return out;
}

inline std::string payload_of(const Bytes& publish_body) {
    return std::string(
        as_text(mqtt::decode_publish(0x02, publish_body, mqtt::Version::v311).value().payload));
}

} // namespace holdfast::test
