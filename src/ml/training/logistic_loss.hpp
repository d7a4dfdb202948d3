#pragma once

#include "ml/training/standardised.hpp"

#include <holdfast/ml/training/table.hpp>

#include <Eigen/Core>

#include <span>

namespace holdfast::ml {

// Summed log loss of a logistic model over all rows, with its penalty; private to src/ml.
//
// `beta` is one weight for each standardised feature, then the intercept: m + 1 values. Borrows
// everything that it is made of.
class LogisticLoss {
public:
    LogisticLoss(const Table& x, std::span<const double> y, const Standardised& by, double l2);

    [[nodiscard]] double value(const Eigen::VectorXd& beta) const;
    // The value, its m + 1 first derivatives and its (m + 1)^2 second ones (lower triangle).
    double derivatives(const Eigen::VectorXd& beta, Eigen::VectorXd& gradient,
                       Eigen::MatrixXd& hessian) const;

private:
    // Rows [from, from + count) standardised, with a column of ones.
    void load(std::size_t from, std::size_t count, Eigen::MatrixXd& block) const;

    const Table& x_;
    std::span<const double> y_;
    const Standardised& by_;
    Eigen::VectorXd penalty_; // by weight; 0 for the intercept
};

} // namespace holdfast::ml
