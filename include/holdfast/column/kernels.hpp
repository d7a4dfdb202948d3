#pragma once

#include <holdfast/column/column.hpp>

#include <cstdint>

namespace holdfast::column {

enum class Arithmetic : std::uint8_t { add, subtract, multiply, divide, div, modulo };
enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

// NULL operands give NULL. Whatever else has no result becomes NULL and is added to `mismatches`:
// operands of the wrong type, x/0, int64 overflow, a double that is not finite.
//
// int64 op int64 stays int64 except `divide`; `div` and `modulo` truncate towards zero.
// timestamp - timestamp is int64 microseconds; timestamp +- int64 is a timestamp.
void arithmetic(Arithmetic op, const Column& left, const Column& right, Column& out,
                std::uint64_t& mismatches);
[[nodiscard]] Value arithmetic(Arithmetic op, const Value& left, const Value& right,
                               std::uint64_t& mismatches) noexcept;

// Comparisons give boolean; numbers compare exactly with each other, other types with their own.
void compare(Comparison op, const Column& left, const Column& right, Column& out,
             std::uint64_t& mismatches);

} // namespace holdfast::column
