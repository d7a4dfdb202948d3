#include "sql/expression_parser.hpp"

#include <holdfast/sql/rule_statement.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace holdfast::sql {
namespace {

// `[3]` or `[-1]`, standing at `[`.
Result<std::int64_t> array_index(TokenCursor& cursor) {
    cursor.take();
    const bool is_negative = cursor.accept_symbol("-");
    if (cursor.peek().kind != TokenKind::integer || cursor.peek().is_wide)
        return cursor.expected("a whole number");
    const std::int64_t index = cursor.take().number;
    HF_TRY(cursor.expect_symbol("]"));
    return is_negative ? -index : index;
}

} // namespace

Result<std::int64_t> parse_duration(TokenCursor& cursor) {
    std::int64_t us = 0;
    const Position at = cursor.peek().at;
    if (cursor.accept("INTERVAL")) {
        struct Unit {
            const char* name;
            std::int64_t us;
        };
        constexpr std::array kUnits{Unit{"MILLISECOND", 1'000}, Unit{"SECOND", 1'000'000},
                                    Unit{"MINUTE", 60'000'000}, Unit{"HOUR", 3'600'000'000},
                                    Unit{"DAY", 86'400'000'000}};
        if (cursor.peek().kind != TokenKind::text) return cursor.expected("a number in quotes");
        const std::string digits = cursor.take().text;
        std::int64_t count = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), count);
        if (error != std::errc() || end != digits.data() + digits.size() || count > 1'000'000'000)
            return error_at(Errc::malformed, at, "INTERVAL wants a whole number in quotes");
        const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&cursor](const Unit& each) {
            return cursor.peek().is(each.name);
        });
        if (unit == kUnits.end()) return cursor.expected("SECOND, MINUTE, HOUR or DAY");
        cursor.take();
        if (count > kDurationUsMax / unit->us) count = kDurationUsMax / unit->us + 1;
        us = count * unit->us;
    } else {
        if (cursor.peek().kind != TokenKind::duration)
            return cursor.expected("a duration such as 10s");
        us = cursor.take().number;
    }
    if (us < 1 || us > kDurationUsMax)
        return error_at(Errc::malformed, at, "a duration lies between 1us and 366d");
    return us;
}

Result<ExpressionPtr> parse_name(TokenCursor& cursor) {
    const auto is_name = [](const Token& token) {
        return token.kind == TokenKind::word || token.kind == TokenKind::quoted_word;
    };
    if (!is_name(cursor.peek())) return cursor.expected("a column");
    auto made = std::make_unique<Expression>();
    made->kind = ExpressionKind::name;
    made->at = cursor.peek().at;
    made->is_quoted = cursor.peek().kind == TokenKind::quoted_word;
    made->path.steps.emplace_back(cursor.take().text);
    for (;;) {
        if (made->path.steps.size() > column::Path::kStepsMax)
            return error_at(Errc::limit_exceeded, made->at, "the path has more than 32 steps");
        if (cursor.peek().is_symbol("[")) {
            HF_TRY(const auto index, array_index(cursor));
            made->path.steps.emplace_back(index);
        } else if (cursor.accept_symbol(".")) {
            if (!is_name(cursor.peek())) return cursor.expected("a name after '.'");
            made->path.steps.emplace_back(cursor.take().text);
        } else {
            return made;
        }
    }
}

} // namespace holdfast::sql
