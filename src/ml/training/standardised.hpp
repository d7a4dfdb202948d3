#pragma once

#include <holdfast/ml/training/table.hpp>

#include <vector>

namespace holdfast::ml {

// Mean and deviation of each feature, with which methods work inside, so that units of 1e-3 beside
// units of 1e6 cost no digits.
struct Standardised {
    std::vector<double> mean;
    // Root of the mean squared distance from the mean; 0 where the feature is constant but for
    // rounding.
    std::vector<double> deviation;

    // `x` is finite and not empty. Cost: O(n m).
    [[nodiscard]] static Standardised of(const Table& x);
    // (value - mean) / deviation, 0 for a constant feature.
    [[nodiscard]] double operator()(double value, std::size_t feature) const {
        return deviation[feature] > 0.0 ? (value - mean[feature]) / deviation[feature] : 0.0;
    }
};

} // namespace holdfast::ml
