#pragma once

#include <holdfast/mqtt/reason_code.hpp>
#include <load/mqtt_link.hpp>
#include <load/sequence_checker.hpp>
#include <load/traffic.hpp>

#include <cstdint>

namespace holdfast::load {

// Receives numbered messages, checks their sequence and acknowledges QoS 1 in one send per
// read. Follows `publishers` publishers, the first of which has index `first_publisher`.
class Subscriber final : public MqttLink {
public:
    // `traffic` outlives this.
    Subscriber(int socket, mqtt::Version version, std::uint32_t first_publisher,
               std::size_t publishers, Traffic& traffic)
        : MqttLink(socket),
          version_(version),
          first_publisher_(first_publisher),
          checker_(publishers),
          traffic_(traffic) {}

    [[nodiscard]] const SequenceChecker& checker() const noexcept { return checker_; }

private:
    [[nodiscard]] bool on_packet(const mqtt::Frame& frame, std::uint64_t now_ns) override;
    void on_read_end(std::uint64_t now_ns) override;
    void acknowledge(std::uint16_t packet_id);

    mqtt::Version version_;
    std::uint32_t first_publisher_;
    SequenceChecker checker_;
    Traffic& traffic_;
    Bytes acks_;
};

} // namespace holdfast::load
