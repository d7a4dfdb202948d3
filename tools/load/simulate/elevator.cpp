#include <load/simulate/elevator.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holdfast::load {
namespace {

constexpr double kTopFloor = 12;
constexpr double kIdleAmpere = 0.8; // control and brake
constexpr double kIdleVibrationG = 0.015;
constexpr double kVibrationGPerAmpere = 0.012;

} // namespace

Elevator::Elevator(std::size_t number, std::uint64_t seed)
    : id_(fmt::format("lift-{:02}", number)),
      topic_(fmt::format("lift/{}/state", id_)),
      noise_(seed + 2'000'003 * (number + 1)) {
    height_floors_ = std::floor(noise_.uniform(0, kTopFloor + 1));
    standing_s_ = noise_.uniform(0, 2.5);
    sense(0, FaultKind::none);
}

void Elevator::begin_trip() {
    from_floors_ = height_floors_;
    const double distance = std::floor(noise_.uniform(2, 6));
    const bool up = height_floors_ + distance > kTopFloor ? false
                    : height_floors_ - distance < 0       ? true
                                                          : noise_.uniform(0, 1) < 0.5;
    to_floors_ = up ? from_floors_ + distance : from_floors_ - distance;
    trip_s_ = 2.5 + distance * 0.9;
    trip_age_s_ = 0;
}

void Elevator::move(double seconds) {
    if (standing_s_ > 0) {
        standing_s_ -= seconds;
        speed_ = 0;
        acceleration_ = 0;
        if (standing_s_ <= 0) begin_trip();
        return;
    }
    // Raised cosine: starts and ends at rest, fastest half way.
    trip_age_s_ += seconds;
    const double part = std::min(1.0, trip_age_s_ / trip_s_);
    const double span = to_floors_ - from_floors_;
    const double angle = std::numbers::pi * part;
    height_floors_ = from_floors_ + span * (1 - std::cos(angle)) / 2;
    speed_ = span * std::numbers::pi / (2 * trip_s_) * std::sin(angle);
    acceleration_ =
        span * std::numbers::pi * std::numbers::pi / (2 * trip_s_ * trip_s_) * std::cos(angle);
    if (part >= 1) {
        height_floors_ = to_floors_;
        standing_s_ = noise_.uniform(1.8, 2.8);
    }
}

void Elevator::sense(double seconds, FaultKind fault) {
    // Against gravity, for acceleration, and against friction; going down still costs a little.
    const double lifting = std::max(0.0, 5.0 * speed_ + 1.6 * acceleration_);
    current_a_ = kIdleAmpere + 4.5 * std::abs(speed_) + lifting + 0.08 * noise_.gauss();
    const double healthy_a = current_a_;
    if (fault == FaultKind::motor_overload) current_a_ = 1.7 * current_a_ + 6;
    // A worn bearing rattles also where the motor hardly works, and never beyond what a fast
    // trip does: each signal alone looks ordinary.
    const double shaken_a = fault == FaultKind::bearing_wear ? 10 - 0.5 * healthy_a : healthy_a;
    vibration_g_ = kIdleVibrationG + kVibrationGPerAmpere * shaken_a + 0.0025 * noise_.gauss();
    const double target_c = 36 + 1.0 * current_a_;
    temperature_c_ += (target_c - temperature_c_) * std::min(1.0, seconds / 30);
}

void Elevator::step(double seconds, FaultKind fault) {
    move(seconds);
    sense(seconds, fault);
}

std::string Elevator::to_json(std::int64_t ts_ms) {
    return fmt::format(
        R"({{"ts":{},"door":{},"floor":{:.0f},"motor_current":{:.3f},"vibration":{:.4f},)"
        R"("temperature":{:.2f}}})",
        ts_ms, standing_s_ > 0 ? 1 : 0, std::abs(std::round(height_floors_)),
        std::max(0.0, current_a_), std::max(0.0, vibration_g_),
        temperature_c_ + 0.05 * noise_.gauss());
}

} // namespace holdfast::load
