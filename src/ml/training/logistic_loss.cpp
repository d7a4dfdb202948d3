#include "ml/training/logistic_loss.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::ml {
namespace {

constexpr std::size_t kBlockRows = 1024; // 8 KB a feature: stays in the second-level cache

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// log(1 + exp(z)) without overflow.
double softplus(double z) {
    return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
}

} // namespace

LogisticLoss::LogisticLoss(const Table& x, std::span<const double> y, const Standardised& by,
                           double l2)
    : x_(x), y_(y), by_(by), penalty_(VectorXd::Zero(static_cast<Index>(x.columns()) + 1)) {
    for (std::size_t feature = 0; feature < x.columns(); ++feature) {
        const double deviation = by.deviation[feature];
        // A constant feature has no say: any penalty keeps its weight at 0.
        penalty_(static_cast<Index>(feature)) =
            deviation > 0.0 ? l2 / (deviation * deviation) : 1.0;
    }
}

void LogisticLoss::load(std::size_t from, std::size_t count, MatrixXd& block) const {
    block.resize(static_cast<Index>(count), static_cast<Index>(x_.columns()) + 1);
    for (std::size_t feature = 0; feature < x_.columns(); ++feature)
        for (std::size_t row = 0; row < count; ++row)
            block(static_cast<Index>(row), static_cast<Index>(feature)) =
                by_(x_(from + row, feature), feature);
    block.col(block.cols() - 1).setOnes();
}

double LogisticLoss::value(const VectorXd& beta) const {
    double loss = 0.5 * (penalty_.array() * beta.array().square()).sum();
    MatrixXd block;
    for (std::size_t from = 0; from < x_.rows(); from += kBlockRows) {
        load(from, std::min(kBlockRows, x_.rows() - from), block);
        const VectorXd z = block * beta;
        for (Index row = 0; row < z.size(); ++row)
            loss += softplus(y_[from + static_cast<std::size_t>(row)] > 0.5 ? -z(row) : z(row));
    }
    return loss;
}

double LogisticLoss::derivatives(const VectorXd& beta, VectorXd& gradient,
                                 MatrixXd& hessian) const {
    double loss = 0.5 * (penalty_.array() * beta.array().square()).sum();
    gradient = penalty_.cwiseProduct(beta);
    hessian = penalty_.asDiagonal();
    MatrixXd block;
    for (std::size_t from = 0; from < x_.rows(); from += kBlockRows) {
        load(from, std::min(kBlockRows, x_.rows() - from), block);
        const VectorXd z = block * beta;
        VectorXd error(z.size());
        VectorXd root(z.size()); // of the curvature p (1 - p)
        for (Index row = 0; row < z.size(); ++row) {
            const double label = y_[from + static_cast<std::size_t>(row)];
            const double p = 1.0 / (1.0 + std::exp(-z(row)));
            loss += softplus(label > 0.5 ? -z(row) : z(row));
            error(row) = p - label;
            root(row) = std::sqrt(p * (1.0 - p));
        }
        gradient.noalias() += block.transpose() * error;
        block.array().colwise() *= root.array();
        hessian.selfadjointView<Eigen::Lower>().rankUpdate(block.transpose());
    }
    return loss;
}

} // namespace holdfast::ml
