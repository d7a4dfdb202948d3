#include "sql/token_cursor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::sql {

Result<void> TokenCursor::expect(std::string_view keyword) {
    if (!accept(keyword)) return expected(keyword);
    return ok();
}

Result<void> TokenCursor::expect_symbol(std::string_view symbol) {
    if (!accept_symbol(symbol)) return expected(fmt::format("'{}'", symbol));
    return ok();
}

Error TokenCursor::expected(std::string_view what) const {
    const Token& token = peek();
    const std::string found =
        token.kind == TokenKind::end ? "the end" : fmt::format("'{}'", token.text.substr(0, 60));
    return error_at(Errc::malformed, token.at, fmt::format("{} is expected, not {}", what, found));
}

Error TokenCursor::not_served(std::string_view what) const {
    return error_at(Errc::not_supported, peek().at, fmt::format("{} not served yet", what));
}

bool is_reserved(const Token& token) noexcept {
    constexpr std::array kReserved{
        "ABSENCE", "ALARM",       "AND",    "ANTI",  "AS",        "BETWEEN", "CASE",    "CLEAR",
        "CREATE",  "DEDUPLICATE", "ELSE",   "END",   "EVENT",     "FOR",     "FROM",    "GROUP",
        "HAVING",  "IN",          "INNER",  "IS",    "JOIN",      "LATE",    "LEFT",    "LIKE",
        "LIMIT",   "MATCH",       "NOT",    "OR",    "ORDER",     "PER",     "QUALIFY", "RAISE",
        "SELECT",  "SEVERITY",    "THEN",   "UNION", "WATERMARK", "WHEN",    "WHERE",   "WITH",
        "ON",      "OVER",        "FILTER", "CROSS", "FULL",      "RIGHT"};
    return std::any_of(kReserved.begin(), kReserved.end(),
                       [&token](const char* word) { return token.is(word); });
}

} // namespace holdfast::sql
