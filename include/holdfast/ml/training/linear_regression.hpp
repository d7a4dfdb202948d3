#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/training/table.hpp>

#include <span>
#include <vector>

namespace holdfast::ml {

struct LinearSettings {
    // Weight of the squared weights in what is minimised, >= 0; 0 is ordinary least squares. The
    // intercept is free. Weights are in the features' units, so scale features before.
    double l2 = 0.0;
};

// Linear and ridge regression: the weights w and intercept b that minimise
// sum (y - x w - b)^2 + l2 |w|^2.
//
// Ridge is least squares with a row of sqrt(l2) more for each feature, so both go through one
// complete orthogonal decomposition, never through the normal equations, whose condition is the
// square. Where features are constant or depend on each other, or are more than the rows, it is the
// solution that is shortest in standardised units.
//
// Sources: Hoerl and Kennard, Technometrics 12(1), 1970 (ridge); Golub and Van Loan, Matrix
// Computations, 4th ed., sections 5.5 (complete orthogonal decomposition) and 6.1.4.
class LinearRegression {
public:
    // `x` is n x m, `y` n values. malformed: empty, missing or beyond 1e100, l2 out of bounds, m
    // over 4096. Cost: O(n m^2) and a copy of `x`.
    [[nodiscard]] static Result<LinearRegression> fit(const Table& x, std::span<const double> y,
                                                      LinearSettings settings = {});

    // In the unit of y. `sample` has a value for each feature: asserted. NaN gives NaN.
    [[nodiscard]] double predict(std::span<const double> sample) const;
    [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
    [[nodiscard]] double intercept() const noexcept { return intercept_; }

    // docs/format/trained.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote.
    [[nodiscard]] static Result<LinearRegression> restore(ByteView bytes);

private:
    LinearRegression(std::vector<double> weights, double intercept)
        : weights_(std::move(weights)), intercept_(intercept) {}

    std::vector<double> weights_;
    double intercept_ = 0.0;
};

} // namespace holdfast::ml
