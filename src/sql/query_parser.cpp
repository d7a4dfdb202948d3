#include "sql/query_parser.hpp"

#include "sql/expression_parser.hpp"

#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <array>

namespace holdfast::sql {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Parses the clauses of one SELECT in the order of the grammar.
class SelectParser {
public:
    SelectParser(TokenCursor& cursor, std::size_t depth) : cursor_(cursor), depth_(depth) {}

    Result<SelectStatement> run() {
        select_.at = cursor_.peek().at;
        HF_TRY(cursor_.expect("SELECT"));
        select_.is_distinct = cursor_.accept("DISTINCT");
        if (select_.is_distinct && cursor_.peek().is("ON"))
            return cursor_.not_served("DISTINCT ON is");
        HF_TRY(items());
        if (cursor_.accept("FROM")) {
            HF_TRY(select_.source, parse_relation(cursor_, depth_));
            HF_TRY(joins());
        }
        if (cursor_.accept("WHERE")) {
            HF_TRY(select_.where, parse_expression(cursor_));
        }
        HF_TRY(group_by());
        if (cursor_.accept("HAVING")) {
            HF_TRY(select_.having, parse_expression(cursor_));
        }
        if (cursor_.accept("QUALIFY")) {
            HF_TRY(select_.qualify, parse_expression(cursor_));
        }
        HF_TRY(refuse_rule_clauses());
        return std::move(select_);
    }

private:
    Result<void> items() {
        do {
            if (select_.items.size() == kItemsMax)
                return error_at(Errc::limit_exceeded, cursor_.peek().at, "more than 200 items");
            SelectItem item;
            item.at = cursor_.peek().at;
            const bool is_alias_star = (cursor_.peek().kind == TokenKind::word ||
                                        cursor_.peek().kind == TokenKind::quoted_word) &&
                                       cursor_.peek(1).is_symbol(".") &&
                                       cursor_.peek(2).is_symbol("*");
            if (is_alias_star) {
                item.star_of = cursor_.take().text;
                cursor_.take();
                cursor_.take();
            } else if (!cursor_.accept_symbol("*")) {
                HF_TRY(item.expression, parse_expression(cursor_));
                HF_TRY(item.name, parse_alias(cursor_));
                if (item.name.empty()) item.name = name_of(*item.expression);
            }
            select_.items.push_back(std::move(item));
        } while (cursor_.accept_symbol(","));
        return ok();
    }
    // The last member of a path, the function of a call, else `column<n>`.
    [[nodiscard]] std::string name_of(const Expression& e) const {
        if (e.kind == ExpressionKind::call) return e.text;
        if (e.kind == ExpressionKind::name)
            for (auto step = e.path.steps.rbegin(); step != e.path.steps.rend(); ++step)
                if (const auto* member = std::get_if<std::string>(&*step)) return *member;
        return fmt::format("column{}", select_.items.size() + 1);
    }

    Result<void> joins() {
        for (;;) {
            JoinClause join;
            join.at = cursor_.peek().at;
            const bool is_comma = cursor_.accept_symbol(",");
            if (is_comma && !(cursor_.peek().is("UNNEST") && cursor_.peek(1).is_symbol("(")))
                return error_at(Errc::malformed, join.at,
                                "JOIN ... ON is expected: a comma stands only before UNNEST(...)");
            for (const char* later : {"RIGHT", "FULL"})
                if (cursor_.peek().is(later))
                    return cursor_.not_served(fmt::format("{} JOIN is", later));
            const bool is_cross = cursor_.accept("CROSS");
            if (cursor_.accept("LEFT")) {
                cursor_.accept("OUTER");
                join.kind = JoinKind::left;
            } else if (cursor_.accept("ANTI")) {
                join.kind = JoinKind::anti;
            } else if (!is_cross && !is_comma && !cursor_.accept("INNER") &&
                       !cursor_.peek().is("JOIN")) {
                return ok();
            }
            if (!is_comma) {
                HF_TRY(cursor_.expect("JOIN"));
            }
            if (select_.joins.size() == kSourcesMax)
                return error_at(Errc::limit_exceeded, join.at, "more than 64 joins");
            HF_TRY(join.source, parse_relation(cursor_, depth_));
            HF_TRY(condition(join, is_cross || is_comma));
            select_.joins.push_back(std::move(join));
        }
    }
    Result<void> condition(JoinClause& join, bool is_free) {
        const bool may_lack_on = is_free || join.source.kind == RelationRef::Kind::unnest;
        if (!may_lack_on || cursor_.peek().is("ON")) {
            HF_TRY(cursor_.expect("ON"));
            HF_TRY(join.on, parse_expression(cursor_));
        }
        if (cursor_.accept("WITHIN")) {
            HF_TRY(join.within_us, parse_duration(cursor_));
        }
        return ok();
    }

    Result<void> group_by() {
        if (!cursor_.accept("GROUP")) return ok();
        HF_TRY(cursor_.expect("BY"));
        do {
            if (select_.group_by.size() == kItemsMax)
                return error_at(Errc::limit_exceeded, cursor_.peek().at, "more than 200 keys");
            if (starts_window(cursor_)) {
                if (select_.window) return cursor_.not_served("a second window is");
                select_.window_at = select_.group_by.size();
                HF_TRY(select_.window, parse_window(cursor_));
            } else {
                HF_TRY(auto key, parse_expression(cursor_));
                select_.group_by.push_back(std::move(key));
            }
        } while (cursor_.accept_symbol(","));
        return ok();
    }

    [[nodiscard]] Result<void> refuse_rule_clauses() const {
        constexpr std::array kRuleOnly{"MATCH", "DEDUPLICATE", "ABSENCE", "ALARM", "THEN"};
        for (const char* word : kRuleOnly)
            if (cursor_.peek().is(word))
                return error_at(Errc::malformed, cursor_.peek().at,
                                fmt::format("{} belongs to a rule, not to a query", word));
        return ok();
    }

    TokenCursor& cursor_;
    std::size_t depth_;
    SelectStatement select_;
};

Result<void> ctes(TokenCursor& cursor, std::size_t depth, QueryStatement& query) {
    if (!cursor.accept("WITH")) return ok();
    if (cursor.peek().is("RECURSIVE")) return cursor.not_served("WITH RECURSIVE is");
    do {
        CteClause cte;
        cte.at = cursor.peek().at;
        HF_TRY(cte.name, parse_identifier(cursor, "a name"));
        for (const auto& other : query.ctes)
            if (other.name == cte.name)
                return error_at(Errc::malformed, cte.at,
                                fmt::format("'{}' is defined twice", cte.name));
        HF_TRY(cursor.expect("AS"));
        HF_TRY(cursor.expect_symbol("("));
        HF_TRY(auto inner, parse_query(cursor, depth + 1));
        cte.query = std::make_unique<QueryStatement>(std::move(inner));
        HF_TRY(cursor.expect_symbol(")"));
        query.ctes.push_back(std::move(cte));
    } while (cursor.accept_symbol(","));
    return ok();
}

Result<void> after_statement(TokenCursor& cursor) {
    while (cursor.accept_symbol(";")) {}
    if (cursor.at_end()) return ok();
    for (const char* later : {"EXCEPT", "INTERSECT", "WINDOW"})
        if (cursor.peek().is(later)) return cursor.not_served(fmt::format("{} is", later));
    return cursor.expected("the next clause or the end");
}

// What changes things has doors of its own; here it is named so that nobody wonders.
Error not_a_query(const TokenCursor& cursor) {
    for (const char* word : {"CREATE", "DROP", "INSERT", "UPDATE", "DELETE", "ALTER"})
        if (cursor.peek().is(word))
            return error_at(Errc::not_supported, cursor.peek().at,
                            fmt::format("a query only reads: {} is not served here", word));
    return cursor.expected("SELECT, WITH, EXPLAIN, SHOW or DESCRIBE");
}

} // namespace

Result<QueryStatement> parse_query(TokenCursor& cursor, std::size_t depth) {
    if (depth > kQueryDepthMax)
        return error_at(Errc::limit_exceeded, cursor.peek().at,
                        "sub-queries are nested deeper than 16");
    QueryStatement query;
    HF_TRY(ctes(cursor, depth, query));
    do {
        if (query.selects.size() == kSourcesMax)
            return error_at(Errc::limit_exceeded, cursor.peek().at, "more than 64 queries");
        HF_TRY(auto select, SelectParser(cursor, depth).run());
        query.selects.push_back(std::move(select));
        if (!cursor.accept("UNION")) break;
        if (!cursor.accept("ALL")) return cursor.not_served("UNION without ALL is");
    } while (true);
    if (cursor.peek().is("ORDER")) {
        HF_TRY(query.order, parse_order(cursor));
    }
    if (cursor.accept("LIMIT")) {
        HF_TRY(query.limit, parse_expression(cursor));
        if (cursor.peek().is("PER"))
            return error_at(Errc::malformed, cursor.peek().at,
                            "LIMIT n PER belongs to a rule, not to a query");
        if (cursor.accept("OFFSET")) {
            HF_TRY(query.offset, parse_expression(cursor));
        }
    }
    return query;
}

Result<Statement> parse_statement(std::string_view sql) {
    HF_TRY(auto tokens, tokenize(sql));
    TokenCursor cursor(std::move(tokens), Dialect::query);
    Statement statement;
    statement.text = sql;
    if (cursor.accept("EXPLAIN")) {
        statement.kind =
            cursor.accept("ANALYZE") ? Statement::Kind::explain_analyze : Statement::Kind::explain;
        if (cursor.peek().is("RULE")) return cursor.not_served("EXPLAIN RULE is");
    } else if (cursor.accept("SHOW")) {
        statement.kind = Statement::Kind::show;
        if (cursor.peek().kind != TokenKind::word) return cursor.expected("TABLES");
        statement.show = lower(cursor.take().text);
        HF_TRY(after_statement(cursor));
        return statement;
    } else if (cursor.accept("DESCRIBE")) {
        statement.kind = Statement::Kind::describe;
        HF_TRY(statement.relation, parse_relation(cursor, 0));
        HF_TRY(after_statement(cursor));
        return statement;
    }
    if (!cursor.peek().is("SELECT") && !cursor.peek().is("WITH")) return not_a_query(cursor);
    HF_TRY(statement.query, parse_query(cursor, 0));
    HF_TRY(after_statement(cursor));
    return statement;
}

} // namespace holdfast::sql
