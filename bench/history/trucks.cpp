#include "trucks.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::bench {
namespace {

constexpr std::array<std::string_view, 4> kFleets = {"East", "West", "North", "South"};
constexpr std::array<int, 3> kLoadCapacities = {1'500, 2'000, 5'000};

double cut(double value, double scale) {
    return std::trunc(value * scale) / scale;
}

} // namespace

Truck::Truck(int number)
    : random_(static_cast<std::uint64_t>(number) + 1),
      name_("truck_" + std::to_string(number)),
      fleet_(kFleets[random_() % kFleets.size()]),
      load_capacity_(kLoadCapacities[random_() % kLoadCapacities.size()]),
      latitude_(unit() * 90),
      longitude_(unit() * 180),
      elevation_(unit() * 500),
      heading_(unit() * 360),
      load_(unit() * 5'000) {}

double Truck::unit() {
    constexpr double kScale = 1.0 / 9007199254740992.0; // 2^-53
    return static_cast<double>(random_() >> 11U) * kScale;
}

void Truck::walk(double& value, double step, double min, double max) {
    value = std::clamp(value + (unit() * 2 - 1) * step, min, max);
}

void Truck::step() {
    walk(latitude_, 0.005, -90, 90);
    walk(longitude_, 0.005, -180, 180);
    walk(elevation_, 10, 0, 5'000);
    walk(velocity_, 10, 0, 100);
    walk(heading_, 5, 0, 360);
    walk(grade_, 5, 0, 100);
    walk(consumption_, 5, 0, 50);
    fuel_ -= unit() * 0.001;
    if (fuel_ <= 0) fuel_ = 1;
    if (unit() > 0.95) load_ = unit() * 5'000;
    walk(status_, 1.5, 0, 5);
    readings_ = {cut(latitude_, 1e5), cut(longitude_, 1e5), cut(elevation_, 1),   cut(velocity_, 1),
                 cut(heading_, 1),    cut(grade_, 1),       cut(consumption_, 10)};
    diagnostics_ = {cut(fuel_, 10), cut(load_, 1), cut(status_, 1)};
}

} // namespace holdfast::bench
