#include <holdfast/ml/training/linear_regression.hpp>

#include "ml/training/standardised.hpp"
#include "ml/training/training_input.hpp"
#include "ml/training/weights_state.hpp"

#include <Eigen/QR>

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <numeric>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Standardised features, below them a row of sqrt(l2) for each weight in the features' own units.
MatrixXd design(const Table& x, const Standardised& by, double l2) {
    const auto n = static_cast<Index>(x.rows());
    const auto m = static_cast<Index>(x.columns());
    MatrixXd out = MatrixXd::Zero(l2 > 0.0 ? n + m : n, m);
    for (std::size_t feature = 0; feature < x.columns(); ++feature) {
        const auto column = static_cast<Index>(feature);
        for (std::size_t row = 0; row < x.rows(); ++row)
            out(static_cast<Index>(row), column) = by(x(row, feature), feature);
        if (l2 > 0.0 && by.deviation[feature] > 0.0)
            out(n + column, column) = std::sqrt(l2) / by.deviation[feature];
    }
    return out;
}

} // namespace

Result<LinearRegression> LinearRegression::fit(const Table& x, std::span<const double> y,
                                               LinearSettings settings) {
    if (!(settings.l2 >= 0.0 && std::isfinite(settings.l2)))
        return fail(Errc::malformed, fmt::format("l2 of {} is not a number from 0", settings.l2));
    HF_TRY(check_features(x, Missing::refused));
    HF_TRY(check_targets(x, y));
    const Standardised by = Standardised::of(x);
    const MatrixXd a = design(x, by, settings.l2);
    const double mean = std::accumulate(y.begin(), y.end(), 0.0) / static_cast<double>(y.size());
    VectorXd target = VectorXd::Zero(a.rows());
    for (std::size_t row = 0; row < y.size(); ++row)
        target(static_cast<Index>(row)) = y[row] - mean;

    const VectorXd solved = a.completeOrthogonalDecomposition().solve(target);
    std::vector<double> weights(x.columns(), 0.0);
    double intercept = mean;
    for (std::size_t feature = 0; feature < x.columns(); ++feature) {
        if (by.deviation[feature] == 0.0) continue; // constant: the intercept holds it
        weights[feature] = solved(static_cast<Index>(feature)) / by.deviation[feature];
        intercept -= weights[feature] * by.mean[feature];
    }
    assert(std::isfinite(intercept)); // values are bounded
    return LinearRegression(std::move(weights), intercept);
}

double LinearRegression::predict(std::span<const double> sample) const {
    assert(sample.size() == weights_.size());
    return std::inner_product(sample.begin(), sample.end(), weights_.begin(), intercept_);
}

void LinearRegression::save(Bytes& out) const {
    save_weights(out, kVersion, weights_, intercept_);
}

Result<LinearRegression> LinearRegression::restore(ByteView bytes) {
    HF_TRY(Weights read, restore_weights(bytes, kVersion, "a linear regression"));
    return LinearRegression(std::move(read.of_features), read.intercept);
}

} // namespace holdfast::ml
