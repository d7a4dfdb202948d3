#pragma once

#include "sql/token_cursor.hpp"

#include <holdfast/sql/expression.hpp>

namespace holdfast::sql {

// One expression at the cursor, which moves past it. malformed, not_supported, limit_exceeded
// (kExpressionDepthMax), each with its position.
[[nodiscard]] Result<ExpressionPtr> parse_expression(TokenCursor& cursor);
// `10s`, `200ms`, or INTERVAL '5' SECOND, in microseconds, in [1, kDurationUsMax].
[[nodiscard]] Result<std::int64_t> parse_duration(TokenCursor& cursor);
// A column name: `a.b[0]`, `"odd key"`.
[[nodiscard]] Result<ExpressionPtr> parse_name(TokenCursor& cursor);

} // namespace holdfast::sql
