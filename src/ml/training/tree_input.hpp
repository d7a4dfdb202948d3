#pragma once

#include "ml/training/tree_growth.hpp"

#include <holdfast/ml/training/decision_tree.hpp>

#include <span>
#include <vector>

namespace holdfast::ml {

// Rounding of n sums may look like a gain; below this part of what there is to explain it is none.
inline constexpr double kGainPartMin = 1e-12;

// malformed, with the setting's name.
[[nodiscard]] Result<void> check_setting(const char* name, std::size_t value, std::size_t low,
                                         std::size_t high);
// Table, targets and bounds, as fit_decision_tree() promises.
[[nodiscard]] Result<void> check_tree_input(const Table& x, std::span<const double> y, Goal goal,
                                            const TreeBounds& bounds);

// From 1 to 10,000 trees, and no more nodes in all than a model file has room for: a tree has less
// than two for each leaf, and a leaf needs its rows. malformed, with what to change.
[[nodiscard]] Result<void> check_trees(std::size_t trees, std::size_t rows,
                                       const TreeBounds& bounds);

[[nodiscard]] GrowthRules growth_rules(const TreeBounds& bounds);
[[nodiscard]] double mean_of(std::span<const double> values);
// All rows of a table, in order.
[[nodiscard]] std::vector<std::uint32_t> all_rows(std::size_t rows);
// Parts that add up to 1; all 0 where the gains are.
[[nodiscard]] std::vector<double> parts_of(std::span<const double> gains);

} // namespace holdfast::ml
