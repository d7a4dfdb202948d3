#include <load/simulate/car.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holdfast::load {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kIdleRpm = 650;
constexpr double kRpmPerKmh = 34; // in the gear of town traffic
constexpr double kThermostatC = 90;
constexpr double kBoilingC = 121; // where a leaking, pressurised circuit ends

// What a healthy pump gives at `rpm`, bar.
double healthy_oil_bar(double rpm) {
    return 1.1 + rpm * 0.00095;
}

} // namespace

Car::Car(std::size_t number, std::uint64_t seed)
    : id_(fmt::format("car-{:02}", number)),
      topic_(fmt::format("fleet/{}/telemetry", id_)),
      noise_(seed + 1'000'003 * number),
      cruise_kmh_(noise_.uniform(48, 62)),
      phase_slow_(noise_.uniform(0, kTurn)),
      phase_fast_(noise_.uniform(0, kTurn)),
      fuel_percent_(noise_.uniform(45, 95)),
      heading_rad_(noise_.uniform(0, kTurn)),
      lat_(48.137 + noise_.uniform(-0.05, 0.05)),
      lon_(11.575 + noise_.uniform(-0.08, 0.08)) {
    step(0, FaultKind::none);
}

void Car::step(double seconds, FaultKind fault) {
    age_s_ += seconds;
    speed_kmh_ = cruise_kmh_ + 11 * std::sin(kTurn * age_s_ / 17 + phase_slow_) +
                 9 * std::sin(kTurn * age_s_ / 10 + phase_fast_) + 0.25 * noise_.gauss();
    rpm_ = kIdleRpm + speed_kmh_ * kRpmPerKmh + 8 * noise_.gauss();

    if (fault == FaultKind::coolant_leak) {
        coolant_c_ += (kBoilingC - coolant_c_) * std::min(1.0, seconds / 5);
    } else {
        const double target_c = kThermostatC + 0.02 * (speed_kmh_ - cruise_kmh_);
        coolant_c_ += (target_c - coolant_c_) * std::min(1.0, seconds / 4);
    }
    // A worn pump gives less the faster it turns: in the range of every day, but the wrong way.
    const double cruise_rpm = kIdleRpm + cruise_kmh_ * kRpmPerKmh;
    const double pumped_rpm = fault == FaultKind::oil_pump_wear ? 2 * cruise_rpm - rpm_ : rpm_;
    oil_bar_ = healthy_oil_bar(pumped_rpm) + 0.012 * noise_.gauss();
    fuel_percent_ = std::max(2.0, fuel_percent_ - seconds * rpm_ * 4e-7);

    constexpr double kKmPerDegree = 111.3;
    heading_rad_ += 0.05 * seconds * noise_.gauss();
    const double km = speed_kmh_ * seconds / 3600;
    lat_ += km * std::cos(heading_rad_) / kKmPerDegree;
    lon_ += km * std::sin(heading_rad_) / (kKmPerDegree * std::cos(lat_ * kTurn / 360));
}

std::string Car::to_json(std::int64_t ts_ms) {
    return fmt::format(
        R"({{"ts":{},"speed":{:.2f},"rpm":{:.0f},"coolant":{:.2f},"oil":{:.3f},"fuel":{:.3f},)"
        R"("position":{{"lat":{:.6f},"lon":{:.6f}}}}})",
        ts_ms, speed_kmh_, rpm_, coolant_c_ + 0.08 * noise_.gauss(), oil_bar_, fuel_percent_, lat_,
        lon_);
}

} // namespace holdfast::load
