#pragma once

#include <cmath>

namespace holdfast::ml {

// No sensor gives more; beyond, squares overflow. Counts as missing.
inline constexpr double kChartValueMax = 1e100;
inline constexpr double kChartDeviationsMax = 10.0; // of one sample; more is no more certain

inline bool is_chart_value(double value) {
    return std::abs(value) <= kChartValueMax;
}

} // namespace holdfast::ml
