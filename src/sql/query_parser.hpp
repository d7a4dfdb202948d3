#pragma once

#include "sql/token_cursor.hpp"

#include <holdfast/sql/statement.hpp>

namespace holdfast::sql {

// [WITH ...] SELECT ... [UNION ALL ...] [ORDER BY ...] [LIMIT ...] at the cursor. `depth` counts
// the queries around it.
[[nodiscard]] Result<QueryStatement> parse_query(TokenCursor& cursor, std::size_t depth);
// What stands behind FROM or JOIN.
[[nodiscard]] Result<RelationRef> parse_relation(TokenCursor& cursor, std::size_t depth);
// Whether a window of GROUP BY begins here.
[[nodiscard]] bool starts_window(const TokenCursor& cursor) noexcept;
[[nodiscard]] Result<WindowClause> parse_window(TokenCursor& cursor);
// `AS name`, or a name alone; empty where there is none.
[[nodiscard]] Result<std::string> parse_alias(TokenCursor& cursor);

} // namespace holdfast::sql
