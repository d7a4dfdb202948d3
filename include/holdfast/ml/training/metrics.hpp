#pragma once

#include <holdfast/ml/training/table.hpp>

#include <cstdint>
#include <span>

namespace holdfast::ml {

// How far predicted values lie from what came. All in the targets' unit but r2 and phm.
struct ValueScores {
    double mae = 0.0;  // mean absolute error
    double rmse = 0.0; // root of the mean squared error
    double r2 = 0.0;   // part of the variance explained, up to 1; NaN where all targets are equal
    // Score of remaining life: summed exp(-d / 13) - 1 where d = predicted - true is negative, else
    // exp(d / 10) - 1: late costs more than early. Exponents are held to 700.
    double phm = 0.0;
};

// malformed: none, not as many of both, not finite. Cost: O(n).
// Source of phm: Saxena, Goebel, Simon and Eklund, PHM 2008, section V.
[[nodiscard]] Result<ValueScores> score_values(std::span<const double> truth,
                                               std::span<const double> predicted);

// Rows by label and by what was said, which is 1 from a threshold on.
struct Confusion {
    std::size_t true_ones = 0;
    std::size_t false_ones = 0;
    std::size_t true_zeros = 0;
    std::size_t false_zeros = 0;

    // Each 0 where there is nothing to divide by.
    [[nodiscard]] double precision() const noexcept;
    [[nodiscard]] double recall() const noexcept;
    [[nodiscard]] double f1() const noexcept; // 2 tp / (2 tp + fp + fn)
};

struct LabelScores {
    Confusion confusion; // at the threshold that was asked for
    // Probability that a row of label 1 scores higher than one of label 0, a tie counting half.
    double roc_auc = 0.0;
    // Average precision: precision at each score, weighted by the recall that it adds. The part of
    // ones is what guessing gives.
    double pr_auc = 0.0;
};

// `labels` of 0 and 1, `scores` any finite numbers that grow with the chance of 1. malformed:
// not as many of both, another label, one class only. Cost: O(n log n).
[[nodiscard]] Result<LabelScores> score_labels(std::span<const double> labels,
                                               std::span<const double> scores,
                                               double threshold = 0.5);

// Mean silhouette of a clustering, -1 to 1: how much nearer rows lie to their own cluster than to
// the next. `clusters` names one for each row. A row alone in its cluster counts
// 0. Of more than 4,000 rows so many are drawn by `seed`.
//
// malformed: fewer than 2 clusters, not as many of both, not finite. Cost: O(min(n, 4000)^2 m).
// Source: Rousseeuw, Journal of Computational and Applied Mathematics 20, 1987.
[[nodiscard]] Result<double> silhouette(const Table& x, std::span<const std::size_t> clusters,
                                        std::uint64_t seed = 1);

} // namespace holdfast::ml
