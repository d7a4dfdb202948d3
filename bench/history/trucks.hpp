#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace holdfast::bench {

inline constexpr std::array<std::string_view, 7> kReadings = {
    "latitude", "longitude", "elevation", "velocity", "heading", "grade", "fuel_consumption"};
inline constexpr std::array<std::string_view, 3> kDiagnostics = {"fuel_state", "current_load",
                                                                 "status"};
inline constexpr std::int64_t kStartUs = 1'767'225'600'000'000; // 2026-01-01
inline constexpr std::int64_t kStepUs = 10'000'000;

// A truck of a fleet after the `iot` model of the Time Series Benchmark Suite: random walks within
// bounds, cut to few decimal places. The same numbers for the same truck, everywhere.
class Truck {
public:
    explicit Truck(int number);

    void step();
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::string_view fleet() const noexcept { return fleet_; }
    [[nodiscard]] int load_capacity() const noexcept { return load_capacity_; }
    [[nodiscard]] const std::array<double, 7>& readings() const noexcept { return readings_; }
    [[nodiscard]] const std::array<double, 3>& diagnostics() const noexcept { return diagnostics_; }

private:
    double unit(); // [0, 1)
    void walk(double& value, double step, double min, double max);

    std::mt19937_64 random_;
    std::string name_;
    std::string_view fleet_;
    int load_capacity_ = 0;
    double latitude_, longitude_, elevation_, heading_, load_;
    double velocity_ = 0, grade_ = 0, consumption_ = 25, fuel_ = 1, status_ = 0;
    std::array<double, 7> readings_{};
    std::array<double, 3> diagnostics_{};
};

} // namespace holdfast::bench
