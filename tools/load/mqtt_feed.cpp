#include <load/mqtt_feed.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::load {
namespace {

// Packet ids go round 1 .. 65,535: with fewer than that in flight none is used twice.
std::uint16_t packet_id_of(std::uint64_t number) {
    return static_cast<std::uint16_t>(number % 65'535 + 1);
}

} // namespace

bool MqttFeed::publish(std::string_view topic, std::string_view payload) {
    if (closed() || full()) return false;
    PublishTemplate packet = make_publish(version_, topic, 1, payload.size());
    store_u16_be(packet.bytes.data() + packet.packet_id_at, packet_id_of(sent_));
    const ByteView bytes = as_bytes(payload);
    std::copy(bytes.begin(), bytes.end(),
              packet.bytes.begin() + static_cast<std::ptrdiff_t>(packet.payload_at));
    ++sent_;
    send(ByteView(packet.bytes));
    return true;
}

std::size_t MqttFeed::on_bytes(ByteView bytes, std::uint64_t /*now_ns*/) {
    std::size_t consumed = 0;
    for (;;) {
        const Packet packet = front_packet(bytes.data() + consumed, bytes.size() - consumed);
        if (packet.malformed) {
            close_because("the server sent a packet with a broken length");
            return consumed;
        }
        if (packet.bytes == 0) return consumed;
        if (packet.first != kPuback || packet.body_bytes < 2 || acked_ == sent_) {
            close_because(fmt::format("unexpected packet 0x{:02x} from the server", packet.first));
            return consumed;
        }
        ++acked_;
        if (packet.body_bytes > 2 && std::to_integer<unsigned>(packet.body[2]) >= 0x80) ++refused_;
        consumed += packet.bytes;
    }
}

} // namespace holdfast::load
