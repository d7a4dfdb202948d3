#pragma once

#include <holdfast/mqtt/reason_code.hpp>
#include <load/mqtt_link.hpp>
#include <load/traffic.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::load {

struct PublisherOptions {
    std::uint32_t index = 0;
    mqtt::Version version = mqtt::Version::v311;
    std::string topic;
    unsigned qos = 1;               // 0 or 1
    std::size_t payload_bytes = 64; // at least kMessageHeaderBytes
    std::size_t window = 20;        // QoS 1: in flight; QoS 0: messages between two PINGREQs
    std::size_t refill = 1;         // closed loop: send once so many are free, not one by one
};

// Publishes numbered messages from a ring of prebuilt packets: sending k of them patches k
// headers in place and is one sendmsg. QoS 0 has a PINGREQ after every `window` messages and
// at most two such runs in flight, so that its count is of messages that the server took.
class Publisher final : public MqttLink {
public:
    // `traffic` and `schedule` outlive this.
    Publisher(int socket, const PublisherOptions& options, Traffic& traffic,
              const Schedule& schedule);

    // Sends what window, backlog and, in the open loop, the schedule allow.
    void produce(std::uint64_t now_ns);
    // Open loop: one more message of this publisher is due.
    void add_due() noexcept { ++due_; }
    // Asks for the acknowledgement of all that was sent (QoS 0: a last PINGREQ).
    void finish();

    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] bool drained() const noexcept { return acked_ == sent_; }

private:
    [[nodiscard]] bool on_packet(const mqtt::Frame& frame, std::uint64_t now_ns) override;
    void on_read_end(std::uint64_t now_ns) override;
    void on_writable(std::uint64_t now_ns) override;
    void on_puback(ByteView body, std::uint64_t now_ns);
    [[nodiscard]] std::size_t allowed() const noexcept;
    [[nodiscard]] bool worth_sending() const noexcept {
        return schedule_.open() || slots_ - (sent_ - acked_) >= options_.refill;
    }
    void send_slots(std::size_t count, std::uint64_t now_ns);

    PublisherOptions options_;
    Traffic& traffic_;
    const Schedule& schedule_;
    std::size_t slots_; // packets in the ring
    std::size_t slot_bytes_;
    std::size_t payload_at_;
    Bytes ring_;
    std::vector<std::uint64_t> sent_ns_; // per slot
    std::uint64_t sent_ = 0;
    std::uint64_t acked_ = 0;
    std::uint64_t due_ = 0;
    std::uint64_t pinged_ = 0;         // QoS 0: sent_ at the last PINGREQ
    std::vector<std::uint64_t> pings_; // sent_ at each unanswered PINGREQ, oldest first
    std::vector<iovec> pieces_;
};

} // namespace holdfast::load
