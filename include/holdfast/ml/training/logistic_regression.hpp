#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/training/table.hpp>

#include <span>
#include <vector>

namespace holdfast::ml {

struct LogisticSettings {
    // Weight of half the squared weights beside the summed log loss, >= 0. The intercept is free.
    // Weights are in the features' units, so scale features before.
    double l2 = 1.0;
};

// Logistic regression: the weights w and intercept b that minimise
// sum log(1 + exp(-s (x w + b))) + l2 / 2 |w|^2, s = 1 for label 1 and -1 for label 0.
//
// Newton steps, halved until the loss falls, on standardised features; the rows pass through in
// blocks, so that no copy of `x` is made. Constant features get the weight 0.
//
// Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section
// 4.4.1 (iteratively reweighted least squares).
class LogisticRegression {
public:
    // `x` is n x m, `y` n labels of 0 and 1. malformed: empty, missing or beyond 1e100, another
    // label, one class only, l2 out of bounds, m over 4096; and where l2 is 0 and the classes can
    // be separated, so that no weights are large enough. Cost: O(n m^2 + m^3) a step, mostly < 10.
    [[nodiscard]] static Result<LogisticRegression> fit(const Table& x, std::span<const double> y,
                                                        LogisticSettings settings = {});

    // Probability of label 1. `sample` has a value for each feature: asserted. NaN gives NaN.
    [[nodiscard]] double predict(std::span<const double> sample) const;
    [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
    [[nodiscard]] double intercept() const noexcept { return intercept_; }

    // docs/format/trained.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote.
    [[nodiscard]] static Result<LogisticRegression> restore(ByteView bytes);

private:
    LogisticRegression(std::vector<double> weights, double intercept)
        : weights_(std::move(weights)), intercept_(intercept) {}

    std::vector<double> weights_;
    double intercept_ = 0.0;
};

} // namespace holdfast::ml
