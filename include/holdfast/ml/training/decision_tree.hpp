#pragma once

#include <holdfast/ml/training/run_control.hpp>
#include <holdfast/ml/training/table.hpp>
#include <holdfast/ml/training/tree_ensemble.hpp>

#include <cstdint>
#include <span>

namespace holdfast::ml {

// How far one tree may grow.
struct TreeBounds {
    std::size_t leaves_max = 4096; // 2 .. 65,536
    std::size_t depth_max = 12;    // 1 .. 64
    std::size_t leaf_rows_min = 1; // 1 .. 1,000,000
};

struct DecisionTreeSettings {
    Goal goal = Goal::value;
    TreeBounds bounds{};
};

// One tree of questions "is this feature at most that?", each chosen so that the squared distance
// of the targets from their leaf's mean falls most. For labels of 0 and 1 that is the Gini
// impurity, and a leaf tells the part of ones.
//
// Values are parted at one of 254 places a feature, the middles between neighbours where there are
// so few. A missing value goes to the side that fits it better, or, where training had none at that
// place, to the larger.
//
// Source: Breiman, Friedman, Olshen and Stone, Classification and Regression Trees, 1984.
//
// `x` is n x m, up to 1e100 or NaN, at most 2^31 rows; `y` n targets, or labels of 0 and 1.
// malformed: empty, not finite, one class only, a setting out of bounds; closed: cancelled. Cost:
// O(m n log n) for sorting, O(m n) a level; 1 byte a cell and 24 a row.
[[nodiscard]] Result<TreeEnsemble> fit_decision_tree(const Table& x, std::span<const double> y,
                                                     const DecisionTreeSettings& settings,
                                                     const RunControl& control = {});

} // namespace holdfast::ml
