#pragma once

#include <load/simulate/device.hpp>
#include <load/simulate/noise.hpp>

#include <cstddef>

namespace holdfast::load {

// An elevator that goes from floor to floor in trips of 6 to 12 s: door (0 shut, 1 open), floor,
// motor_current (A), vibration (g), temperature of the motor (degrees Celsius).
class Elevator final : public Device {
public:
    Elevator(std::size_t number, std::uint64_t seed);

    [[nodiscard]] const std::string& id() const noexcept override { return id_; }
    [[nodiscard]] const std::string& topic() const noexcept override { return topic_; }
    void step(double seconds, FaultKind fault) override;
    [[nodiscard]] std::string to_json(std::int64_t ts_ms) override;

private:
    void begin_trip();
    void move(double seconds);
    void sense(double seconds, FaultKind fault);

    std::string id_;
    std::string topic_;
    Noise noise_;
    double height_floors_ = 0;
    double from_floors_ = 0;
    double to_floors_ = 0;
    double trip_s_ = 0;     // how long the trip under way takes
    double trip_age_s_ = 0; // how long it has been under way
    double standing_s_ = 0; // how much longer the door stays open
    double speed_ = 0;      // floors/s, positive upwards
    double acceleration_ = 0;
    double current_a_ = 0;
    double vibration_g_ = 0;
    double temperature_c_ = 41;
};

} // namespace holdfast::load
