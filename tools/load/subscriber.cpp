#include <load/message_header.hpp>
#include <load/subscriber.hpp>

#include <fmt/format.h>

namespace holdfast::load {

std::size_t Subscriber::on_bytes(ByteView bytes, std::uint64_t now_ns) {
    std::size_t consumed = 0;
    acks_.clear();
    for (;;) {
        const Packet packet = front_packet(bytes.data() + consumed, bytes.size() - consumed);
        if (packet.malformed) {
            close_because("the server sent a packet with a broken length");
            return consumed;
        }
        if (packet.bytes == 0) break;
        if ((packet.first & 0xF0U) != 0x30U) {
            close_because(fmt::format("unexpected packet 0x{:02x} from the server", packet.first));
            return consumed;
        }
        if (!on_publish(packet, now_ns)) return consumed;
        consumed += packet.bytes;
    }
    if (!acks_.empty()) send(ByteView(acks_));
    return consumed;
}

bool Subscriber::on_publish(const Packet& packet, std::uint64_t now_ns) {
    const Delivery delivery = read_publish(packet, version_);
    if (!delivery.ok) {
        close_because("the server sent a malformed PUBLISH");
        return false;
    }
    if (delivery.packet_id != 0) {
        const std::size_t at = acks_.size();
        acks_.resize(at + 4);
        acks_[at] = std::byte{kPuback};
        acks_[at + 1] = std::byte{2};
        store_u16_be(acks_.data() + at + 2, delivery.packet_id);
    }
    if (delivery.payload_bytes < kMessageHeaderBytes) return true;
    const MessageHeader header = read_header(delivery.payload);
    if (header.magic != kMessageMagic) return true;
    checker_.on_message(header.publisher - first_publisher_, header.sequence);
    ++traffic_.received;
    if (traffic_.measuring && now_ns > header.sent_ns) {
        traffic_.end_to_end.record(now_ns - header.sent_ns);
    }
    return true;
}

} // namespace holdfast::load
