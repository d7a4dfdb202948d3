#include "sql/expression_parser.hpp"
#include "sql/query_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::sql {
namespace {

Result<void> unnest(TokenCursor& cursor, RelationRef& out) {
    cursor.take();
    out.kind = RelationRef::Kind::unnest;
    out.name = "unnest";
    HF_TRY(cursor.expect_symbol("("));
    HF_TRY(out.unnest, parse_expression(cursor));
    HF_TRY(cursor.expect_symbol(")"));
    if (!cursor.accept("WITH")) return ok();
    HF_TRY(cursor.expect("POSITION"));
    out.with_position = true;
    return ok();
}

// TABLE('filter' KEY path)
Result<void> latest(TokenCursor& cursor, RelationRef& out) {
    cursor.take();
    out.kind = RelationRef::Kind::latest;
    HF_TRY(cursor.expect_symbol("("));
    HF_TRY(out.name, parse_text(cursor, "a topic filter in quotes"));
    HF_TRY(cursor.expect("KEY"));
    HF_TRY(auto path, parse_name(cursor));
    out.key = std::move(path->path);
    out.key_is_quoted = path->is_quoted;
    return cursor.expect_symbol(")");
}

Result<void> sub_query(TokenCursor& cursor, RelationRef& out, std::size_t depth) {
    cursor.take();
    out.kind = RelationRef::Kind::query;
    HF_TRY(auto query, parse_query(cursor, depth + 1));
    out.query = std::make_unique<QueryStatement>(std::move(query));
    return cursor.expect_symbol(")");
}

Result<void> named(TokenCursor& cursor, RelationRef& out) {
    out.kind =
        cursor.peek().kind == TokenKind::text ? RelationRef::Kind::filter : RelationRef::Kind::name;
    if (out.kind == RelationRef::Kind::filter) {
        HF_TRY(out.name, parse_text(cursor, "a topic filter"));
        return ok();
    }
    HF_TRY(out.name, parse_identifier(cursor, "a stream, a table or a topic filter in quotes"));
    // a stream's name may hold dots and dashes: a.b-c without quotes would be a path
    while (cursor.accept_symbol(".")) {
        HF_TRY(const auto more, parse_identifier(cursor, "a name after '.'"));
        out.name += "." + more;
    }
    if (!cursor.accept_symbol("@")) return ok();
    if (!cursor.peek().is("LOG") && !cursor.peek().is("HISTORY"))
        return cursor.expected("log or history");
    out.origin = cursor.take().is("LOG") ? "log" : "history";
    return ok();
}

Result<void> event_time(TokenCursor& cursor, RelationRef& out) {
    if (cursor.accept("EVENT")) {
        HF_TRY(cursor.expect("TIME"));
        HF_TRY(auto path, parse_name(cursor));
        out.event_time = std::move(path->path);
    }
    if (cursor.accept("WATERMARK")) {
        const bool is_zero = cursor.peek().kind == TokenKind::duration && cursor.peek().number == 0;
        if (is_zero) {
            cursor.take();
        } else {
            HF_TRY(out.watermark_us, parse_duration(cursor));
        }
    }
    if (cursor.accept("LATE") && !cursor.accept("DROP")) {
        HF_TRY(cursor.expect("TO"));
        HF_TRY(out.late_topic, parse_text(cursor, "a topic"));
    }
    return ok();
}

Result<void> tumble(TokenCursor& cursor, WindowClause& out) {
    out.kind = WindowClause::Kind::tumble;
    HF_TRY(out.size_us, parse_duration(cursor));
    if (!cursor.accept_symbol(",")) return ok();
    HF_TRY(cursor.expect("TZ"));
    HF_TRY(out.zone, parse_text(cursor, "a time zone in quotes"));
    return ok();
}

Result<void> hop(TokenCursor& cursor, WindowClause& out) {
    out.kind = WindowClause::Kind::hop;
    HF_TRY(out.size_us, parse_duration(cursor));
    HF_TRY(cursor.expect_symbol(","));
    HF_TRY(out.step_us, parse_duration(cursor));
    // one row would otherwise become millions
    if (out.size_us / out.step_us > 1000)
        return error_at(Errc::limit_exceeded, out.at, "a row is in at most 1000 HOP windows");
    return ok();
}

Result<void> session(TokenCursor& cursor, WindowClause& out) {
    out.kind = WindowClause::Kind::session;
    HF_TRY(out.size_us, parse_duration(cursor));
    if (!cursor.accept_symbol(",")) return ok();
    HF_TRY(out.step_us, parse_duration(cursor));
    return ok();
}

Result<std::int64_t> row_count(TokenCursor& cursor) {
    const Token& token = cursor.peek();
    if (token.kind != TokenKind::integer || token.is_wide || token.number < 1)
        return cursor.expected("a number of rows");
    return cursor.take().number;
}

Result<void> count_window(TokenCursor& cursor, WindowClause& out) {
    out.kind = WindowClause::Kind::count;
    HF_TRY(out.rows, row_count(cursor));
    out.every = out.rows;
    if (!cursor.accept_symbol(",")) return ok();
    HF_TRY(out.every, row_count(cursor));
    return ok();
}

Result<void> state_window(TokenCursor& cursor, WindowClause& out) {
    out.kind = WindowClause::Kind::state;
    HF_TRY(out.start, parse_expression(cursor));
    HF_TRY(cursor.expect_symbol(","));
    HF_TRY(out.end, parse_expression(cursor));
    return ok();
}

struct NamedWindow {
    std::string_view name;
    Result<void> (*parse)(TokenCursor&, WindowClause&);
};
constexpr std::array kWindows{
    NamedWindow{"TUMBLE", tumble}, NamedWindow{"HOP", hop}, NamedWindow{"SESSION", session},
    NamedWindow{"COUNTWINDOW", count_window}, NamedWindow{"STATEWINDOW", state_window}};

const NamedWindow* window_at(const TokenCursor& cursor) noexcept {
    if (!cursor.peek(1).is_symbol("(")) return nullptr;
    const auto* found =
        std::find_if(kWindows.begin(), kWindows.end(),
                     [&cursor](const NamedWindow& each) { return cursor.peek().is(each.name); });
    return found == kWindows.end() ? nullptr : found;
}

} // namespace

Result<std::string> parse_alias(TokenCursor& cursor) {
    const Token& token = cursor.peek();
    const bool is_name = token.kind == TokenKind::quoted_word ||
                         (token.kind == TokenKind::word && !is_reserved(token));
    if (!cursor.accept("AS") && !is_name) return std::string();
    return parse_identifier(cursor, "a name");
}

Result<RelationRef> parse_relation(TokenCursor& cursor, std::size_t depth) {
    RelationRef out;
    out.at = cursor.peek().at;
    if (cursor.peek().is_symbol("(")) {
        HF_TRY(sub_query(cursor, out, depth));
    } else if (cursor.peek().is("TABLE") && cursor.peek(1).is_symbol("(")) {
        HF_TRY(latest(cursor, out));
    } else if (cursor.peek().is("UNNEST") && cursor.peek(1).is_symbol("(")) {
        HF_TRY(unnest(cursor, out));
    } else {
        HF_TRY(named(cursor, out));
    }
    HF_TRY(out.alias, parse_alias(cursor));
    HF_TRY(event_time(cursor, out));
    return out;
}

bool starts_window(const TokenCursor& cursor) noexcept {
    return window_at(cursor) != nullptr;
}

Result<WindowClause> parse_window(TokenCursor& cursor) {
    WindowClause out;
    out.at = cursor.peek().at;
    const NamedWindow* window = window_at(cursor);
    cursor.take();
    cursor.take();
    HF_TRY(window->parse(cursor, out));
    HF_TRY(cursor.expect_symbol(")"));
    return out;
}

} // namespace holdfast::sql
