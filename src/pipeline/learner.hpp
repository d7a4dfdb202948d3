#pragma once

#include <holdfast/ml/training/algorithm.hpp>
#include <holdfast/ml/training/preparation.hpp>
#include <holdfast/pipeline/plan.hpp>

#include <optional>
#include <span>
#include <vector>

namespace holdfast::pipeline {

// An algorithm with what is fitted before it, all on the same training rows, so that rows which
// test it tell it nothing: the choice of features, and their scaling where the method needs it.
struct Learner {
    std::vector<std::size_t> columns;           // of the plan's features, ascending
    std::optional<ml::Preparation> preparation; // none for trees
    ml::Predictor predictor;

    // malformed: no feature is left, and as ml::fit(); closed: cancelled.
    [[nodiscard]] static Result<Learner> fit(const Plan& plan, const ml::Algorithm& algorithm,
                                             const ml::Table& x, std::span<const double> y,
                                             std::span<const std::size_t> rows,
                                             const ml::RunControl& control);

    [[nodiscard]] std::vector<double> predict(const ml::Table& x,
                                              std::span<const std::size_t> rows) const;
    // Each chosen feature's part of what the model goes by; parts add up to 1 or are all 0. Of
    // linear methods the share of the absolute weights of scaled features.
    [[nodiscard]] std::vector<double> importance() const;
};

} // namespace holdfast::pipeline
