#include <holdfast/mqtt/ack.hpp>
#include <load/mqtt_feed.hpp>
#include <load/publish_template.hpp>

namespace holdfast::load {
namespace {

// Packet ids go round 1 .. 65,535: with fewer than that in flight none is used twice.
std::uint16_t packet_id_of(std::uint64_t number) {
    return static_cast<std::uint16_t>(number % 65'535 + 1);
}

} // namespace

bool MqttFeed::publish(std::string_view topic, std::string_view payload) {
    if (closed() || full()) return false;
    PublishTemplate packet =
        make_publish(version_, topic, mqtt::Qos::at_least_once, as_bytes(payload));
    store_u16_be(packet.bytes.data() + packet.packet_id_at, packet_id_of(sent_));
    ++sent_;
    send(ByteView(packet.bytes));
    return true;
}

bool MqttFeed::on_packet(const mqtt::Frame& frame, std::uint64_t /*now_ns*/) {
    if (frame.first_byte != kPuback || acked_ == sent_) return refuse(frame);
    const auto ack = mqtt::decode_ack(mqtt::PacketType::puback, frame.body, version_);
    if (!ack) {
        close_because(ack.error().context);
        return false;
    }
    ++acked_;
    if (static_cast<unsigned>(ack.value().reason) >= 0x80) ++refused_;
    return true;
}

} // namespace holdfast::load
