#include <holdfast/mqtt/publish.hpp>
#include <load/message_header.hpp>
#include <load/subscriber.hpp>

namespace holdfast::load {

bool Subscriber::on_packet(const mqtt::Frame& frame, std::uint64_t now_ns) {
    if ((frame.first_byte & 0xF0U) != 0x30U) return refuse(frame);
    const auto publish = mqtt::decode_publish(frame.first_byte & 0x0FU, frame.body, version_);
    if (!publish) {
        close_because(publish.error().context);
        return false;
    }
    if (publish.value().packet_id != 0) acknowledge(publish.value().packet_id);
    const ByteView payload = publish.value().payload;
    if (payload.size() < kMessageHeaderBytes) return true;
    const MessageHeader header = read_header(payload.data());
    if (header.magic != kMessageMagic) return true;
    checker_.on_message(header.publisher - first_publisher_, header.sequence);
    ++traffic_.received;
    if (traffic_.measuring && now_ns > header.sent_ns) {
        traffic_.end_to_end.record(now_ns - header.sent_ns);
    }
    return true;
}

void Subscriber::acknowledge(std::uint16_t packet_id) {
    const std::size_t at = acks_.size();
    acks_.resize(at + 4);
    acks_[at] = std::byte{kPuback};
    acks_[at + 1] = std::byte{2};
    store_u16_be(acks_.data() + at + 2, packet_id);
}

void Subscriber::on_read_end(std::uint64_t /*now_ns*/) {
    if (acks_.empty()) return;
    send(ByteView(acks_));
    acks_.clear();
}

} // namespace holdfast::load
