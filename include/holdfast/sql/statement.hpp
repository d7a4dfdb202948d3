#pragma once

#include <holdfast/sql/expression.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {

// A query as it was written: checked for form, names not looked up yet.
struct QueryStatement;

// What stands behind FROM or JOIN.
struct RelationRef {
    enum class Kind : std::uint8_t {
        filter, // 'topic/filter'
        name,   // a stream, a table or a CTE
        latest, // TABLE('filter' KEY path)
        unnest, // UNNEST(e)
        query,  // (query)
    };
    Kind kind = Kind::name;
    std::string name{};
    std::string origin{}; // name@log, name@history
    Position at{};
    std::string alias{};
    column::Path key{};         // latest
    bool key_is_quoted = false; // so it is a path, also where a record has such a column
    std::optional<column::Path> event_time{};
    std::int64_t watermark_us = 0;
    std::string late_topic{};
    ExpressionPtr unnest{};
    bool with_position = false;
    std::unique_ptr<QueryStatement> query{};
};

enum class JoinKind : std::uint8_t { inner, left, anti };

struct JoinClause {
    JoinKind kind = JoinKind::inner;
    RelationRef source{};
    ExpressionPtr on{};         // null: every pair of rows
    std::int64_t within_us = 0; // 0: whenever
    Position at{};
};

struct WindowClause {
    enum class Kind : std::uint8_t { tumble, hop, session, count, state };
    Kind kind = Kind::tumble;
    Position at{};
    std::int64_t size_us = 0; // tumble, hop; session: the gap
    std::int64_t step_us = 0; // hop; session: the longest session, 0 = any
    std::string zone{};       // tumble; empty: UTC
    std::int64_t rows = 0;    // count
    std::int64_t every = 0;   // count
    ExpressionPtr start{};    // state
    ExpressionPtr end{};      // state
};

struct SelectItem {
    ExpressionPtr expression{}; // null: *
    std::string star_of{};      // s.*: the alias
    std::string name{};         // AS name; else made from the expression
    Position at{};
};

struct SelectStatement {
    Position at{};
    bool is_distinct = false;
    std::vector<SelectItem> items{};
    std::optional<RelationRef> source{}; // none: one row without columns
    std::vector<JoinClause> joins{};
    ExpressionPtr where{};
    std::vector<ExpressionPtr> group_by{};
    std::optional<WindowClause> window{}; // in GROUP BY
    std::size_t window_at = 0;            // its place among the keys
    ExpressionPtr having{};
    ExpressionPtr qualify{};
};

struct CteClause {
    std::string name;
    Position at{};
    std::unique_ptr<QueryStatement> query;
};

struct QueryStatement {
    std::vector<CteClause> ctes{};
    std::vector<SelectStatement> selects{}; // more than one: UNION ALL
    std::vector<OrderTerm> order{};
    ExpressionPtr limit{};
    ExpressionPtr offset{};
};

struct Statement {
    enum class Kind : std::uint8_t { query, explain, explain_analyze, show, describe };
    Kind kind = Kind::query;
    QueryStatement query{}; // query, explain
    RelationRef relation{}; // describe
    std::string show{};     // what to show, in lower case
    std::string text{};     // the statement itself, without the semicolon
};

inline constexpr std::size_t kQueryDepthMax = 16; // sub-queries within sub-queries
inline constexpr std::size_t kSourcesMax = 64;    // of a whole query, CTEs counted where they stand

// One query, EXPLAIN, SHOW or DESCRIBE. malformed with position and what is expected;
// not_supported with position and name; limit_exceeded.
[[nodiscard]] Result<Statement> parse_statement(std::string_view sql);

} // namespace holdfast::sql
