#include <load/message_header.hpp>
#include <load/publish_template.hpp>
#include <load/publisher.hpp>

#include <algorithm>
#include <array>

namespace holdfast::load {
namespace {

std::array<std::byte, 2> g_pingreq{std::byte{kPingreq}, std::byte{0}};

} // namespace

Publisher::Publisher(int socket, const PublisherOptions& options, Traffic& traffic,
                     const Schedule& schedule)
    : MqttLink(socket),
      options_(options),
      traffic_(traffic),
      schedule_(schedule),
      slots_(options.qos > 0 ? options.window : 2 * options.window) {
    const Bytes payload(options.payload_bytes);
    PublishTemplate made =
        make_publish(options.version, options.topic, static_cast<mqtt::Qos>(options.qos), payload);
    slot_bytes_ = made.bytes.size();
    payload_at_ = made.payload_at;
    ring_.reserve(slots_ * slot_bytes_);
    for (std::size_t slot = 0; slot < slots_; ++slot) {
        // A slot keeps its packet id: it is free again only when that id was acknowledged.
        if (options.qos > 0) {
            store_u16_be(made.bytes.data() + made.packet_id_at,
                         static_cast<std::uint16_t>(slot + 1));
        }
        write_header(made.bytes.data() + payload_at_, {options.index, kMessageMagic, 0, 0});
        ring_.insert(ring_.end(), made.bytes.begin(), made.bytes.end());
    }
    sent_ns_.resize(slots_);
}

std::size_t Publisher::allowed() const noexcept {
    if (!traffic_.producing || closed() || congested()) return 0;
    std::uint64_t room = slots_ - (sent_ - acked_);
    if (schedule_.open()) return static_cast<std::size_t>(std::min(room, due_ - sent_));
    if (traffic_.subscribers_per_message > 0) {
        if (traffic_.backlog_full()) {
            traffic_.stalled = true;
            return 0;
        }
        const std::uint64_t backlog_room =
            (traffic_.received + traffic_.undelivered_max) / traffic_.subscribers_per_message -
            traffic_.sent;
        if (backlog_room < room) {
            traffic_.stalled = true; // deliveries, not acknowledgements, will let it go on
            room = backlog_room;
        }
    }
    return static_cast<std::size_t>(room);
}

void Publisher::produce(std::uint64_t now_ns) {
    if (const std::size_t count = allowed(); count > 0) send_slots(count, now_ns);
}

void Publisher::send_slots(std::size_t count, std::uint64_t now_ns) {
    pieces_.clear();
    while (count > 0) {
        const auto slot = static_cast<std::size_t>(sent_ % slots_);
        std::size_t run = std::min(count, slots_ - slot);
        if (options_.qos == 0) {
            const std::uint64_t until_ping = options_.window - (sent_ - pinged_);
            run = std::min(run, static_cast<std::size_t>(until_ping));
        }
        for (std::size_t i = 0; i < run; ++i) {
            const std::uint64_t sequence = sent_ + i;
            const std::uint64_t at =
                schedule_.open() ? schedule_.due_ns(options_.index, sequence) : now_ns;
            sent_ns_[slot + i] = at;
            std::byte* header = ring_.data() + (slot + i) * slot_bytes_ + payload_at_;
            write_header(header, {options_.index, kMessageMagic, sequence, at});
        }
        pieces_.push_back({ring_.data() + slot * slot_bytes_, run * slot_bytes_});
        sent_ += run;
        traffic_.sent += run;
        count -= run;
        if (options_.qos == 0 && sent_ - pinged_ == options_.window) {
            pieces_.push_back({g_pingreq.data(), g_pingreq.size()});
            pinged_ = sent_;
            pings_.push_back(sent_);
        }
    }
    send(pieces_);
}

void Publisher::finish() {
    if (options_.qos > 0 || closed() || pinged_ == sent_) return;
    pinged_ = sent_;
    pings_.push_back(sent_);
    send(ByteView(g_pingreq));
}

void Publisher::on_read_end(std::uint64_t now_ns) {
    if (worth_sending()) produce(now_ns);
}

void Publisher::on_writable(std::uint64_t now_ns) {
    produce(now_ns);
}

bool Publisher::on_packet(const mqtt::Frame& frame, std::uint64_t now_ns) {
    if (frame.first_byte == kPuback && frame.body.size() >= 2) {
        on_puback(frame.body, now_ns);
        return true;
    }
    if (frame.first_byte == kPingresp && !pings_.empty()) {
        traffic_.acked += pings_.front() - acked_;
        acked_ = pings_.front();
        pings_.erase(pings_.begin());
        return true;
    }
    return refuse(frame);
}

void Publisher::on_puback(ByteView body, std::uint64_t now_ns) {
    const auto slot = static_cast<std::size_t>(acked_ % slots_);
    // MQTT wants acknowledgements in the order of receipt [MQTT5-4.6.0-2].
    if (acked_ == sent_ || load_u16_be(body.data()) != slot + 1) ++traffic_.unordered;
    if (body.size() > 2 && std::to_integer<unsigned>(body[2]) >= 0x80) ++traffic_.refused;
    if (acked_ == sent_) return;
    ++acked_;
    ++traffic_.acked;
    if (traffic_.measuring) traffic_.ack_latency.record(now_ns - sent_ns_[slot]);
}

} // namespace holdfast::load
