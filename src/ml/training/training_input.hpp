#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/ml/training/table.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::ml {

inline constexpr std::size_t kFeaturesMax = 4096; // of a model: more is a mistake, not a plant

enum class Missing : std::uint8_t { refused, allowed };

// What every method asks of its features: at least one row, 1 to kFeaturesMax columns, every value
// finite, or NaN where missing values are allowed. malformed, with the feature and the row.
[[nodiscard]] Result<void> check_features(const Table& x, Missing missing);

// One value for each row, at most 1e100 in size. malformed, with the row.
[[nodiscard]] Result<void> check_targets(const Table& x, std::span<const double> y);

// Every label is 0 or 1, and both are there. malformed, with the row.
[[nodiscard]] Result<void> check_classes(std::span<const double> labels);

// check_targets() and check_classes().
[[nodiscard]] Result<void> check_labels(const Table& x, std::span<const double> y);

} // namespace holdfast::ml
