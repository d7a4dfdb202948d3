#pragma once

#include <holdfast/ml/training/algorithm.hpp>
#include <holdfast/ml/training/metrics.hpp>
#include <holdfast/ml/training/splits.hpp>

#include <span>
#include <variant>
#include <vector>

namespace holdfast::ml {

// Of the algorithm's goal.
using Scores = std::variant<ValueScores, LabelScores>;

// What one fold's model did with the rows that it had not seen.
struct FoldReport {
    std::size_t train_rows = 0;
    Scores scores;
};

struct Evaluation {
    std::vector<FoldReport> folds;
    // Of all tested rows together, which weighs large folds more, and for areas also says whether
    // scores of different folds mean the same.
    Scores all;
    // Tested rows in the order of the folds, and what was predicted for each.
    std::vector<std::size_t> rows;
    std::vector<double> predicted;

    // The figure by which evaluations of one goal compare, larger is better: minus the RMSE of all,
    // or the PR-AUC of all.
    [[nodiscard]] double merit() const;
};

// Fits the algorithm to each fold's training rows and scores it on its test rows.
//
// malformed: no folds, those of the method, of score_values() and score_labels(), each with the
// fold (a fold whose test rows are of one class has no areas); closed: cancelled. Cost: that of
// the method for each fold, and a copy of its rows.
[[nodiscard]] Result<Evaluation> cross_validate(const Algorithm& algorithm, const Table& x,
                                                std::span<const double> y,
                                                std::span<const Fold> folds,
                                                const RunControl& control = {});

// A grid: each candidate on the same folds.
struct GridReport {
    std::vector<Evaluation> evaluations; // in the order of the candidates
    std::size_t best = 0;                // of the largest merit, the earlier of equals
};

// malformed: no candidates, or goals that differ, and as cross_validate(), with the candidate.
[[nodiscard]] Result<GridReport> search_grid(std::span<const Algorithm> candidates, const Table& x,
                                             std::span<const double> y, std::span<const Fold> folds,
                                             const RunControl& control = {});

} // namespace holdfast::ml
