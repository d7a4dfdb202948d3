#include "ml/training/standardised.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace holdfast::ml {

Standardised Standardised::of(const Table& x) {
    Standardised out;
    const auto n = static_cast<double>(x.rows());
    for (std::size_t column = 0; column < x.columns(); ++column) {
        const std::span<const double> values = x.column(column);
        // Divided before it is summed: large values do not overflow.
        const double mean = std::accumulate(values.begin(), values.end(), 0.0,
                                            [n](double sum, double v) { return sum + v / n; });
        double largest = 0.0;
        for (const double value : values) largest = std::max(largest, std::abs(value));
        double squares = 0.0;
        for (const double value : values) squares += (value - mean) * ((value - mean) / n);
        // n roundings of the mean, each of half a last place.
        const double rounding = n * largest * std::numeric_limits<double>::epsilon();
        const double deviation = std::sqrt(squares);
        out.mean.push_back(mean);
        out.deviation.push_back(deviation > rounding ? deviation : 0.0);
    }
    return out;
}

} // namespace holdfast::ml
