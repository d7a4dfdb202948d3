#pragma once

#include <load/simulate/device.hpp>
#include <load/simulate/noise.hpp>

#include <cstddef>

namespace holdfast::load {

// A warm car in town traffic, as its OBD port shows it: speed (km/h), rpm, coolant (degrees
// Celsius), oil (bar), fuel (percent) and position. Speed swings with periods of 10 and 17 s,
// so that half a minute shows all of its ordinary life.
class Car final : public Device {
public:
    Car(std::size_t number, std::uint64_t seed);

    [[nodiscard]] const std::string& id() const noexcept override { return id_; }
    [[nodiscard]] const std::string& topic() const noexcept override { return topic_; }
    void step(double seconds, FaultKind fault) override;
    [[nodiscard]] std::string to_json(std::int64_t ts_ms) override;

private:
    std::string id_;
    std::string topic_;
    Noise noise_;
    double age_s_ = 0;
    double cruise_kmh_;
    double phase_slow_;
    double phase_fast_;
    double speed_kmh_ = 0;
    double rpm_ = 0;
    double coolant_c_ = 90;
    double oil_bar_ = 3;
    double fuel_percent_;
    double heading_rad_;
    double lat_;
    double lon_;
};

} // namespace holdfast::load
