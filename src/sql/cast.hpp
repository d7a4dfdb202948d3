#pragma once

#include <holdfast/sql/expression.hpp>

#include <string>
#include <string_view>

namespace holdfast::sql {

// CAST(value AS type). What cannot be cast is NULL and counted.
[[nodiscard]] column::Value cast_value(const column::Value& value, column::Type to,
                                       Evaluation& evaluation);
// ASCII letters only, as upper() and lower() do it.
[[nodiscard]] std::string lower_case(std::string_view text);

} // namespace holdfast::sql
