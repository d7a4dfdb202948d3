#pragma once

#include <load/loop.hpp>
#include <load/mqtt_wire.hpp>
#include <load/sequence_checker.hpp>
#include <load/traffic.hpp>

#include <cstdint>

namespace holdfast::load {

// Receives numbered messages, checks their sequence and acknowledges QoS 1 in one send per
// read. Follows `publishers` publishers, the first of which has index `first_publisher`.
class Subscriber final : public Link {
public:
    // `traffic` outlives this.
    Subscriber(int socket, MqttVersion version, std::uint32_t first_publisher,
               std::size_t publishers, Traffic& traffic)
        : Link(socket),
          version_(version),
          first_publisher_(first_publisher),
          checker_(publishers),
          traffic_(traffic) {}

    [[nodiscard]] const SequenceChecker& checker() const noexcept { return checker_; }

private:
    std::size_t on_bytes(ByteView bytes, std::uint64_t now_ns) override;
    [[nodiscard]] bool on_publish(const Packet& packet, std::uint64_t now_ns);

    MqttVersion version_;
    std::uint32_t first_publisher_;
    SequenceChecker checker_;
    Traffic& traffic_;
    Bytes acks_;
};

} // namespace holdfast::load
