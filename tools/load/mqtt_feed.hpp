#pragma once

#include <holdfast/mqtt/reason_code.hpp>
#include <load/mqtt_link.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::load {

// Publishes whole messages with QoS 1, in order, on one connection. Not the hot path: for the
// simulator and for replay.
class MqttFeed final : public MqttLink {
public:
    // At most `in_flight_max` (1 to 65,535) messages await their acknowledgement.
    MqttFeed(int socket, mqtt::Version version, std::size_t in_flight_max)
        : MqttLink(socket), version_(version), in_flight_max_(in_flight_max) {}

    // False, and nothing happens, when the window is full or the connection is gone.
    bool publish(std::string_view topic, std::string_view payload);

    [[nodiscard]] std::size_t in_flight() const noexcept {
        return static_cast<std::size_t>(sent_ - acked_);
    }
    [[nodiscard]] bool full() const noexcept { return in_flight() >= in_flight_max_; }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    [[nodiscard]] std::uint64_t acked() const noexcept { return acked_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    [[nodiscard]] bool on_packet(const mqtt::Frame& frame, std::uint64_t now_ns) override;

    mqtt::Version version_;
    std::size_t in_flight_max_;
    std::uint64_t sent_ = 0;
    std::uint64_t acked_ = 0; // refused ones too
    std::uint64_t refused_ = 0;
};

} // namespace holdfast::load
