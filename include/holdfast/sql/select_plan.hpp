#pragma once

#include <holdfast/column/field.hpp>
#include <holdfast/sql/aggregate.hpp>
#include <holdfast/sql/catalog.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/statement.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::sql {

struct QueryPlan;

// [from_us, to_us) in microseconds UTC.
struct TimeRange {
    std::int64_t from_us = std::numeric_limits<std::int64_t>::min();
    std::int64_t to_us = std::numeric_limits<std::int64_t>::max();
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// One relation of a SELECT with what is asked of it.
struct SourcePlan {
    enum class Kind : std::uint8_t { filter, stream, latest, table, query, unnest };
    Kind kind = Kind::filter;
    std::string name;   // filter, stream or table; else the alias
    std::string origin; // log, history, or empty: where it is best read
    Position at{};
    std::vector<column::Field> fields{};
    std::vector<std::size_t> columns{}; // table, query: its columns, as numbers of theirs
    std::unique_ptr<QueryPlan> query{}; // query
    ExpressionPtr unnest{};             // over the columns of the sources before
    std::vector<std::optional<column::Path>>
        members{}; // unnest: element, a member, or (empty) position

    // What the query needs of it. A source may use these to read less; rows are tested again.
    TimeRange event_time{};
    TimeRange arrival_time{};
    std::vector<ExpressionPtr> filters{}; // all must be true; over its own columns
    bool in_any_order = false;            // the order of its rows does not matter to the answer

    // How it joins what stands before it (not for the first).
    JoinKind join = JoinKind::inner;
    std::vector<std::pair<ExpressionPtr, ExpressionPtr>> equal{}; // before = over its own columns
    ExpressionPtr on{}; // the rest, over all columns up to its own; null: none

    std::size_t first_slot = 0; // of its columns in the input frame
    [[nodiscard]] std::size_t width() const noexcept;
};

struct WindowPlan {
    WindowClause::Kind kind{}; // tumble, hop, session
    std::size_t ts_slot = 0;   // of the input frame
    std::int64_t size_us = 0;
    std::int64_t step_us = 0;
    std::string zone{};
};

struct AggregateCall {
    AggregateKind kind{};
    bool is_distinct = false;
    std::vector<ExpressionPtr> args{};
    ExpressionPtr filter{};
};

enum class WindowFunction : std::uint8_t {
    row_number,
    rank,
    dense_rank,
    lag,
    lead,
    first_value,
    last_value,
    latest,
    changed,
    had_changed,
    counter_rate,
    aggregate,
};

struct WindowCall {
    WindowFunction function{};
    AggregateCall call{}; // its arguments and, for `aggregate`, which
    OverClause over{};
};

struct SortKey {
    std::size_t column = 0; // of the query's items, then hidden items
    bool is_descending = false;
    bool nulls_first = false;
};

// One SELECT with every name looked up. Expressions see one of these frames, each a batch whose
// columns are
//
//   input    the columns of the sources, in order; with a window then window_start, window_end
//   grouped  keys, then aggregates; where nothing is grouped this is the input
//   windowed the grouped frame, then one column per window function
//   output   items, then hidden items (what is only sorted by)
struct SelectPlan {
    std::vector<SourcePlan> sources{};    // none: one row without columns
    std::vector<ExpressionPtr> filters{}; // over the input: what no source took
    std::optional<WindowPlan> window{};
    bool is_grouped = false;
    std::vector<ExpressionPtr> keys{};       // over the input
    std::vector<AggregateCall> aggregates{}; // over the input
    ExpressionPtr having{};                  // over the grouped frame
    std::vector<WindowCall> window_calls{};  // over the grouped frame
    ExpressionPtr qualify{};                 // over the windowed frame
    std::vector<ExpressionPtr> items{};      // over the windowed frame
    std::vector<ExpressionPtr> hidden{};     // over the windowed frame
    bool is_distinct = false;
};

// A query: its SELECTs one after the other, then sorted and cut.
struct QueryPlan {
    std::vector<std::string> names{}; // of its columns
    std::vector<SelectPlan> selects{};
    std::vector<SortKey> order{};
    std::optional<std::uint64_t> limit{};
    std::uint64_t offset = 0;
};

// What a query may refer to beside relations.
struct Bindings {
    std::int64_t now_us = 0;
    std::span<const column::Value> numbered{}; // $1 is the first
    std::span<const std::pair<std::string, column::Value>> named{};
};

// Looks up relations, columns, functions and parameters. malformed with position and, for a
// misspelt name, the nearest one; not_supported; limit_exceeded.
[[nodiscard]] Result<QueryPlan> bind_query(const QueryStatement& statement, const Catalog& catalog,
                                           const Bindings& bindings);

} // namespace holdfast::sql
