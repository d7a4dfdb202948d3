#pragma once

#include <holdfast/column/field.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// The columns that every record has.
[[nodiscard]] std::optional<column::FieldKind> record_column(std::string_view name) noexcept;
[[nodiscard]] std::vector<std::string> record_columns();

// `; did you mean 'x'?` for the candidate that is nearest to a misspelt name, or nothing where none
// is near.
[[nodiscard]] std::string did_you_mean(std::string_view name,
                                       const std::vector<std::string>& candidates);

} // namespace holdfast::sql
