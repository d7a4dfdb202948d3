#pragma once

#include <holdfast/ml/training/decision_tree.hpp>

namespace holdfast::ml {

struct BoostedTreesSettings {
    Goal goal = Goal::value;
    std::size_t trees = 100;    // 1 .. 10,000
    double learning_rate = 0.1; // (0, 1]: part of each tree's answer that counts
    double l2 = 0.0;            // >= 0: holds leaves of little weight back
    TreeBounds bounds{.leaves_max = 31, .depth_max = 64, .leaf_rows_min = 20};
};

// Trees that are grown one after the other, each on what those before leave unexplained: the slope
// of the squared error, or of the log loss for labels, divided by its curvature in each leaf.
//
// Sources: Friedman, Annals of Statistics 29(5), 2001 (gradient boosting); Chen and Guestrin,
// XGBoost, KDD 2016 (curvature, l2, the side of missing values); Ke and others, LightGBM, NIPS 2017
// (histograms, best leaf first). No randomness.
//
// Inputs, errors and missing values as fit_decision_tree(); trees that may have more than 16
// million nodes in all are malformed.
// Cost: O(m n log n) once, O(m n log leaves) a tree; 1 byte a cell, 48 a row, 6 KB a feature and
// leaf up to 256 MB.
[[nodiscard]] Result<TreeEnsemble> fit_boosted_trees(const Table& x, std::span<const double> y,
                                                     const BoostedTreesSettings& settings,
                                                     const RunControl& control = {});

} // namespace holdfast::ml
