#pragma once

#include "pipeline/learner.hpp"

#include <holdfast/ml/training/cross_validation.hpp>
#include <holdfast/pipeline/samples.hpp>

#include <string_view>

namespace holdfast::pipeline {

// The rows to find the best candidate on, and those that only the final model is asked about.
[[nodiscard]] Result<ml::Fold> split_test(const Plan& plan, const TrainingRows& rows);

// Folds of these rows alone; numbers are places in the table.
[[nodiscard]] Result<std::vector<ml::Fold>> make_folds(const Plan& plan, const TrainingRows& rows,
                                                       std::span<const std::size_t> of);

[[nodiscard]] Result<ml::Scores> score(bool is_label, std::span<const double> truth,
                                       std::span<const double> predicted);

// As ml::cross_validate(), where selection and scaling are fitted anew for each fold.
[[nodiscard]] Result<ml::Evaluation> evaluate(const Plan& plan, const ml::Algorithm& algorithm,
                                              const TrainingRows& rows,
                                              std::span<const ml::Fold> folds,
                                              const ml::RunControl& control);

// The error with where it came up, unless the training was cancelled, which is nobody's fault.
[[nodiscard]] Error in(std::string_view where, Error error);

// Progress of a part of the whole: `length` of it, from `from` on. `whole` outlives it.
[[nodiscard]] ml::RunControl part_of(const ml::RunControl& whole, double from, double length);

} // namespace holdfast::pipeline
