#include <holdfast/ml/training/logistic_regression.hpp>

#include "ml/training/logistic_loss.hpp"
#include "ml/training/standardised.hpp"
#include "ml/training/training_input.hpp"
#include "ml/training/weights_state.hpp"

#include <Eigen/Cholesky>

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <numeric>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr int kStepsMax = 100;
constexpr int kHalvingsMax = 40;
// Newton's decrement is about twice what the loss can still fall; by then all digits that the
// loss has are right, since it is summed over n rows of about 1.
constexpr double kDecrementMin = 1e-14;
// Log odds of a standardised feature beyond which a probability is 0 or 1 in every digit.
constexpr double kWeightMax = 1e4;

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

Error separable() {
    return fail(
        Errc::malformed,
        "the features separate the labels wholly, so that no weights are large enough: give "
        "an l2 above 0");
}

Result<VectorXd> minimise(const LogisticLoss& loss, Index size, double rows) {
    VectorXd beta = VectorXd::Zero(size);
    VectorXd gradient;
    MatrixXd hessian;
    for (int step = 0; step < kStepsMax; ++step) {
        const double before = loss.derivatives(beta, gradient, hessian);
        const Eigen::LDLT<MatrixXd> factors(hessian);
        const VectorXd direction = factors.solve(gradient);
        const double decrement = gradient.dot(direction);
        if (!std::isfinite(decrement) || beta.cwiseAbs().maxCoeff() > kWeightMax)
            return separable();
        if (decrement <= kDecrementMin * rows) {
            // Where curvature is all but gone the labels are all but told apart.
            if (before <= 1e-9 * rows) return separable();
            return beta;
        }
        double length = 1.0;
        int halvings = 0;
        while (!(loss.value(beta - length * direction) < before) && ++halvings < kHalvingsMax)
            length *= 0.5;
        if (halvings == kHalvingsMax) return beta; // rounding hides any further fall
        beta -= length * direction;
    }
    return separable();
}

} // namespace

Result<LogisticRegression> LogisticRegression::fit(const Table& x, std::span<const double> y,
                                                   LogisticSettings settings) {
    if (!(settings.l2 >= 0.0 && std::isfinite(settings.l2)))
        return fail(Errc::malformed, fmt::format("l2 of {} is not a number from 0", settings.l2));
    HF_TRY(check_features(x, Missing::refused));
    HF_TRY(check_labels(x, y));
    const Standardised by = Standardised::of(x);
    const LogisticLoss loss(x, y, by, settings.l2);
    HF_TRY(const VectorXd beta,
           minimise(loss, static_cast<Index>(x.columns()) + 1, static_cast<double>(x.rows())));
    std::vector<double> weights(x.columns(), 0.0);
    double intercept = beta(beta.size() - 1);
    for (std::size_t feature = 0; feature < x.columns(); ++feature) {
        if (by.deviation[feature] == 0.0) continue;
        weights[feature] = beta(static_cast<Index>(feature)) / by.deviation[feature];
        intercept -= weights[feature] * by.mean[feature];
    }
    return LogisticRegression(std::move(weights), intercept);
}

double LogisticRegression::predict(std::span<const double> sample) const {
    assert(sample.size() == weights_.size());
    const double z = std::inner_product(sample.begin(), sample.end(), weights_.begin(), intercept_);
    return 1.0 / (1.0 + std::exp(-z));
}

void LogisticRegression::save(Bytes& out) const {
    save_weights(out, kVersion, weights_, intercept_);
}

Result<LogisticRegression> LogisticRegression::restore(ByteView bytes) {
    HF_TRY(Weights read, restore_weights(bytes, kVersion, "a logistic regression"));
    return LogisticRegression(std::move(read.of_features), read.intercept);
}

} // namespace holdfast::ml
