#pragma once

#include <holdfast/ml/training/boosted_trees.hpp>
#include <holdfast/ml/training/linear_regression.hpp>
#include <holdfast/ml/training/logistic_regression.hpp>
#include <holdfast/ml/training/random_forest.hpp>

#include <span>
#include <variant>
#include <vector>

namespace holdfast::ml {

// A method that learns a target from features, with its settings.
using Algorithm = std::variant<LinearSettings, LogisticSettings, DecisionTreeSettings,
                               RandomForestSettings, BoostedTreesSettings>;

// What fit() gives: predicts a value, or the probability of label 1.
using Predictor = std::variant<LinearRegression, LogisticRegression, TreeEnsemble>;

// What the algorithm is to tell: values for linear regression, labels for logistic regression.
[[nodiscard]] Goal goal_of(const Algorithm& algorithm);

// Errors and cost: those of the method.
[[nodiscard]] Result<Predictor> fit(const Algorithm& algorithm, const Table& x,
                                    std::span<const double> y, const RunControl& control = {});

// `sample` has a value for each feature: asserted.
[[nodiscard]] double predict(const Predictor& predictor, std::span<const double> sample);
// Of each of these rows of `x`, in their order.
[[nodiscard]] std::vector<double> predict(const Predictor& predictor, const Table& x,
                                          std::span<const std::size_t> rows);

} // namespace holdfast::ml
