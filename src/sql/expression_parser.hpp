#pragma once

#include "sql/token_cursor.hpp"

#include <holdfast/sql/expression.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// One expression at the cursor, which moves past it. malformed, not_supported, limit_exceeded
// (kExpressionDepthMax), each with its position.
[[nodiscard]] Result<ExpressionPtr> parse_expression(TokenCursor& cursor);
// `10s`, `200ms`, or INTERVAL '5' SECOND, in microseconds, in [1, kDurationUsMax].
[[nodiscard]] Result<std::int64_t> parse_duration(TokenCursor& cursor);
// A column name: `a.b[0]`, `"odd key"`.
[[nodiscard]] Result<ExpressionPtr> parse_name(TokenCursor& cursor);

// Behind a call: [FILTER (WHERE e)] [OVER (...)].
[[nodiscard]] Result<void> parse_call_suffix(TokenCursor& cursor, Expression& call);
// CAST(e AS type), EXTRACT(part FROM e), TIMESTAMP '...', at their first word; null where no such
// form begins here.
[[nodiscard]] Result<ExpressionPtr> parse_special_form(TokenCursor& cursor);
// $1 or :name.
[[nodiscard]] Result<ExpressionPtr> parse_parameter(TokenCursor& cursor);
// BIGINT, DOUBLE, TEXT, BOOLEAN or TIMESTAMP, by any of their names.
[[nodiscard]] Result<column::Type> parse_type(TokenCursor& cursor);
// e [ASC|DESC] [NULLS FIRST|LAST], ...
[[nodiscard]] Result<std::vector<OrderTerm>> parse_order(TokenCursor& cursor);
// A name that is no reserved word, or a quoted one.
[[nodiscard]] Result<std::string> parse_identifier(TokenCursor& cursor, std::string_view what);
// Text in quotes of 1 to 1000 bytes.
[[nodiscard]] Result<std::string> parse_text(TokenCursor& cursor, std::string_view what);

} // namespace holdfast::sql
