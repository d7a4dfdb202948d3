#pragma once

#include <holdfast/ml/training/decision_tree.hpp>

namespace holdfast::ml {

struct RandomForestSettings {
    Goal goal = Goal::value;
    std::size_t trees = 100;        // 1 .. 10,000
    std::size_t split_features = 0; // drawn for each split; 0: a third for values, root for labels
    TreeBounds bounds{.leaves_max = 65'536, .depth_max = 24, .leaf_rows_min = 1};
    std::uint64_t seed = 1;
};

// The mean of many decision trees, each grown on rows drawn with replacement, each split on the
// best of a few features that are drawn anew. Hardly overfits; as good as it is with its defaults.
//
// Source: Breiman, Random Forests, Machine Learning 45(1), 2001.
//
// Inputs, errors and missing values as fit_decision_tree(); split_features at most m, and
// trees that may have more than 16 million nodes in all are malformed.
// Cost: O(trees n k log n), k the features of a split; 1 byte a cell, 40 a row, 40 a node.
[[nodiscard]] Result<TreeEnsemble> fit_random_forest(const Table& x, std::span<const double> y,
                                                     const RandomForestSettings& settings,
                                                     const RunControl& control = {});

} // namespace holdfast::ml
