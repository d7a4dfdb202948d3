#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/exec/operator.hpp>
#include <holdfast/sql/aggregate.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::exec {

// A grouped SELECT over one stream whose groups are devices and buckets of time, as a store may
// answer it that has counted its rows already: in parts, of which each is what one device said in
// one bucket. Parts of one group are put together by who asks.
struct PartsPlan {
    struct Call {
        sql::AggregateKind kind{}; // count_rows, count, sum, avg, min, max, first, last
        std::size_t column = 0;    // of the source, a field of payloads; not for count_rows
    };
    std::vector<Call> calls{}; // as SelectPlan::aggregates
    // Only rows count that have this column of the source, and then no call is about another.
    std::optional<std::size_t> present{};
    // Keys are the same all through a bucket of this width, aligned to the epoch; 0: at all times.
    std::int64_t step_us = 0;
    // Conditions of the source about nothing but device and stream; its event time is the rest.
    std::vector<const sql::Expression*> conditions{};
};

// Nothing where the answer needs rows. Borrows from the plan.
[[nodiscard]] std::optional<PartsPlan> parts_of(const sql::SelectPlan& plan);

// Some parts, row by row.
struct PartFrame {
    // Of the source: its device, its stream, and as time the begin of the bucket; else NULL.
    column::Frame keys;
    std::vector<sql::AggregatePart> parts; // one for each row and call
};

class PartsCursor {
public:
    virtual ~PartsCursor() = default;
    // As Cursor::next().
    [[nodiscard]] virtual Result<bool> next(PartFrame& out) = 0;
    // Behind the last part, once: rows of the source that no part has, its filters not applied. The
    // cursor borrows from this one.
    [[nodiscard]] virtual Result<std::unique_ptr<Cursor>> rest() = 0;
    // How parts were had, for EXPLAIN ANALYZE.
    [[nodiscard]] virtual std::string cost() const = 0;
};

} // namespace holdfast::exec
