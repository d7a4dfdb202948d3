#include "sql/expression_parser.hpp"

#include <holdfast/column/timestamp.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::sql {
namespace {

using column::Type;

// Adds an argument; the depths of forms that are parsed here count like all others.
Result<void> add(Expression& parent, ExpressionPtr child) {
    parent.depth = std::max(parent.depth, child->depth + 1);
    if (parent.depth > kExpressionDepthMax)
        return error_at(Errc::limit_exceeded, parent.at, "the expression is nested too deeply");
    parent.args.push_back(std::move(child));
    return ok();
}

Result<void> adopt_depth(Expression& parent, const Expression& child) {
    parent.depth = std::max(parent.depth, child.depth + 1);
    if (parent.depth > kExpressionDepthMax)
        return error_at(Errc::limit_exceeded, parent.at, "the expression is nested too deeply");
    return ok();
}

ExpressionPtr node(ExpressionKind kind, Position at) {
    auto made = std::make_unique<Expression>();
    made->kind = kind;
    made->at = at;
    return made;
}

// UNBOUNDED PRECEDING | n PRECEDING | dur PRECEDING | CURRENT ROW | ... FOLLOWING
Result<FrameBound> frame_bound(TokenCursor& cursor, bool is_range) {
    FrameBound bound;
    if (cursor.accept("CURRENT")) {
        HF_TRY(cursor.expect("ROW"));
        return FrameBound{FrameBound::Kind::current, 0};
    }
    const bool is_unbounded = cursor.accept("UNBOUNDED");
    if (!is_unbounded) {
        const Token& token = cursor.peek();
        if (token.kind == TokenKind::duration && is_range) {
            HF_TRY(bound.distance, parse_duration(cursor));
        } else if (token.is("INTERVAL") && is_range) {
            HF_TRY(bound.distance, parse_duration(cursor));
        } else if (token.kind == TokenKind::integer && !token.is_wide) {
            bound.distance = cursor.take().number;
        } else {
            return cursor.expected(is_range ? "a duration" : "a number of rows");
        }
    }
    const bool is_following = cursor.accept("FOLLOWING");
    if (!is_following) {
        HF_TRY(cursor.expect("PRECEDING"));
    }
    if (!is_unbounded)
        bound.kind = is_following ? FrameBound::Kind::following : FrameBound::Kind::preceding;
    return bound;
}

Result<void> frame(TokenCursor& cursor, OverClause& over) {
    over.is_range = cursor.take().is("RANGE");
    if (!cursor.accept("BETWEEN")) {
        HF_TRY(over.from, frame_bound(cursor, over.is_range));
        return ok();
    }
    HF_TRY(over.from, frame_bound(cursor, over.is_range));
    HF_TRY(cursor.expect("AND"));
    HF_TRY(over.to, frame_bound(cursor, over.is_range));
    return ok();
}

Result<std::unique_ptr<OverClause>> over_clause(TokenCursor& cursor) {
    auto over = std::make_unique<OverClause>();
    HF_TRY(cursor.expect_symbol("("));
    if (cursor.accept("PARTITION")) {
        HF_TRY(cursor.expect("BY"));
        do {
            HF_TRY(auto key, parse_expression(cursor));
            over->partition.push_back(std::move(key));
        } while (cursor.accept_symbol(","));
    }
    if (cursor.peek().is("ORDER")) {
        HF_TRY(over->order, parse_order(cursor));
    }
    if (cursor.peek().is("ROWS") || cursor.peek().is("RANGE")) {
        HF_TRY(frame(cursor, *over));
    }
    HF_TRY(cursor.expect_symbol(")"));
    return over;
}

Result<ExpressionPtr> cast(TokenCursor& cursor) {
    auto made = node(ExpressionKind::cast, cursor.take().at);
    cursor.take(); // (
    HF_TRY(auto inner, parse_expression(cursor));
    HF_TRY(add(*made, std::move(inner)));
    HF_TRY(cursor.expect("AS"));
    HF_TRY(made->cast_to, parse_type(cursor));
    HF_TRY(cursor.expect_symbol(")"));
    return made;
}

// EXTRACT(hour FROM ts) is date_part('hour', ts).
Result<ExpressionPtr> extract(TokenCursor& cursor) {
    auto made = node(ExpressionKind::call, cursor.take().at);
    made->text = "date_part";
    cursor.take(); // (
    if (cursor.peek().kind != TokenKind::word && cursor.peek().kind != TokenKind::text)
        return cursor.expected("a part of a time such as hour");
    auto part = node(ExpressionKind::literal, cursor.peek().at);
    part->text = cursor.take().text;
    part->literal = column::Value::of_text(part->text);
    HF_TRY(add(*made, std::move(part)));
    HF_TRY(cursor.expect("FROM"));
    HF_TRY(auto from, parse_expression(cursor));
    HF_TRY(add(*made, std::move(from)));
    HF_TRY(cursor.expect_symbol(")"));
    return made;
}

Result<ExpressionPtr> timestamp(TokenCursor& cursor) {
    auto made = node(ExpressionKind::literal, cursor.take().at);
    const auto us = column::parse_timestamp(cursor.peek().text);
    if (!us) return cursor.expected("a time such as '2024-05-01T10:00:00Z'");
    cursor.take();
    made->literal = column::Value::of_timestamp_us(*us);
    return made;
}

} // namespace

Result<void> parse_call_suffix(TokenCursor& cursor, Expression& call) {
    if (cursor.accept("FILTER")) {
        HF_TRY(cursor.expect_symbol("("));
        HF_TRY(cursor.expect("WHERE"));
        HF_TRY(call.filter, parse_expression(cursor));
        HF_TRY(adopt_depth(call, *call.filter));
        HF_TRY(cursor.expect_symbol(")"));
    }
    if (cursor.peek().is("OVER") && !cursor.in_query())
        return cursor.not_served(fmt::format("{}() with OVER is", call.text));
    if (!cursor.accept("OVER")) return ok();
    HF_TRY(call.over, over_clause(cursor));
    for (const auto& key : call.over->partition) {
        HF_TRY(adopt_depth(call, *key));
    }
    for (const auto& term : call.over->order) {
        HF_TRY(adopt_depth(call, *term.expression));
    }
    return ok();
}

Result<ExpressionPtr> parse_special_form(TokenCursor& cursor) {
    const Token& token = cursor.peek();
    const bool is_call = cursor.peek(1).is_symbol("(");
    if (is_call && (token.is("CAST") || token.is("TRY_CAST"))) return cast(cursor);
    if (is_call && token.is("EXTRACT")) return extract(cursor);
    if (token.is("TIMESTAMP") && cursor.peek(1).kind == TokenKind::text) return timestamp(cursor);
    return ExpressionPtr();
}

Result<ExpressionPtr> parse_parameter(TokenCursor& cursor) {
    const bool is_number = cursor.peek().text == "$";
    auto made = node(ExpressionKind::parameter, cursor.take().at);
    const TokenKind kind = cursor.peek().kind;
    if (is_number &&
        (kind != TokenKind::integer || cursor.peek().number < 1 || cursor.peek().number > 1000))
        return cursor.expected("the number of a parameter");
    if (!is_number && kind != TokenKind::word) return cursor.expected("the name of a parameter");
    made->text = cursor.take().text;
    return made;
}

Result<Type> parse_type(TokenCursor& cursor) {
    struct Named {
        std::string_view name;
        Type type;
    };
    constexpr std::array kNamed{
        Named{"BIGINT", Type::int64},        Named{"INTEGER", Type::int64},
        Named{"INT", Type::int64},           Named{"DOUBLE", Type::float64},
        Named{"FLOAT", Type::float64},       Named{"REAL", Type::float64},
        Named{"TEXT", Type::text},           Named{"VARCHAR", Type::text},
        Named{"BOOLEAN", Type::boolean},     Named{"BOOL", Type::boolean},
        Named{"TIMESTAMP", Type::timestamp}, Named{"TIMESTAMPTZ", Type::timestamp}};
    const auto* found = std::find_if(kNamed.begin(), kNamed.end(), [&cursor](const Named& each) {
        return cursor.peek().is(each.name);
    });
    if (found == kNamed.end()) return cursor.expected("BIGINT, DOUBLE, TEXT, BOOLEAN or TIMESTAMP");
    cursor.take();
    return found->type;
}

Result<std::vector<OrderTerm>> parse_order(TokenCursor& cursor) {
    HF_TRY(cursor.expect("ORDER"));
    HF_TRY(cursor.expect("BY"));
    std::vector<OrderTerm> terms;
    do {
        if (terms.size() == kItemsMax)
            return error_at(Errc::limit_exceeded, cursor.peek().at, "more than 200 sort keys");
        OrderTerm term;
        HF_TRY(term.expression, parse_expression(cursor));
        term.is_descending = cursor.accept("DESC");
        if (!term.is_descending) cursor.accept("ASC");
        if (cursor.accept("NULLS")) {
            term.nulls_first = cursor.accept("FIRST");
            if (!term.nulls_first && !cursor.accept("LAST"))
                return cursor.expected("FIRST or LAST");
        }
        terms.push_back(std::move(term));
    } while (cursor.accept_symbol(","));
    return terms;
}

Result<std::string> parse_identifier(TokenCursor& cursor, std::string_view what) {
    const Token& token = cursor.peek();
    const bool is_name = token.kind == TokenKind::quoted_word ||
                         (token.kind == TokenKind::word && !is_reserved(token));
    if (!is_name) return cursor.expected(what);
    if (token.text.empty() || token.text.size() > 200)
        return error_at(Errc::malformed, token.at, "a name has 1 to 200 bytes");
    return cursor.take().text;
}

Result<std::string> parse_text(TokenCursor& cursor, std::string_view what) {
    if (cursor.peek().kind != TokenKind::text) return cursor.expected(what);
    if (cursor.peek().text.empty() || cursor.peek().text.size() > 1000)
        return error_at(Errc::malformed, cursor.peek().at,
                        fmt::format("{} has 1 to 1000 bytes", what));
    return cursor.take().text;
}

} // namespace holdfast::sql
