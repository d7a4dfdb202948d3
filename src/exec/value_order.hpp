#pragma once

#include <holdfast/column/value.hpp>

namespace holdfast::exec {

// -1, 0, 1 as `a` stands before, with or behind `b`. Values of different types do not compare: in a
// sorted column they stand type by type (booleans, numbers, times, text).
[[nodiscard]] int order_of(const column::Value& a, const column::Value& b, bool is_descending,
                           bool nulls_first) noexcept;

} // namespace holdfast::exec
