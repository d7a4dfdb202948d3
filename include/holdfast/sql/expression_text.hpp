#pragma once

#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <string>

namespace holdfast::sql {

// As one would write it: for EXPLAIN and messages. Slots without a name are `#n`.
[[nodiscard]] std::string to_text(const Expression& expression);
[[nodiscard]] std::string to_text(const AggregateCall& call);
[[nodiscard]] std::string to_text(const WindowCall& call);
[[nodiscard]] std::string literal_text(const column::Value& value);

} // namespace holdfast::sql
