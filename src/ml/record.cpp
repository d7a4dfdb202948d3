#include <holdfast/ml/record.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace holdfast::ml {
namespace {

constexpr double kForget = 1e-5; // a sample
constexpr double kGrowthMax = 2.0;
constexpr double kPeakMax = std::numeric_limits<float>::max() / 4; // twice that is still finite

} // namespace

double Record::excess(double value) const {
    const double record = peak;
    return record > 0.0 && value > record ? std::min(value, kPeakMax) / record - 1.0 : 0.0;
}

void Record::learn(double value) {
    const double record = peak;
    const double most = record > 0.0 ? std::min(kGrowthMax * record, kPeakMax) : kPeakMax;
    peak = static_cast<float>(std::max((1.0 - kForget) * record, std::min(value, most)));
}

void Record::follow(double value, double part) {
    const double record = peak;
    const double beyond = std::clamp(value - record, 0.0, kPeakMax - record);
    peak = static_cast<float>((1.0 - kForget) * record + part * beyond);
}

bool Record::is_sound() const {
    return std::isfinite(peak) && peak >= 0.0F && double{peak} <= kPeakMax;
}

} // namespace holdfast::ml
