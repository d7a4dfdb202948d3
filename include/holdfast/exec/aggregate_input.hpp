#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/sql/aggregate.hpp>
#include <holdfast/sql/expression.hpp>
#include <holdfast/sql/select_plan.hpp>

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace holdfast::exec {

// What the rows of a batch tell the aggregates of a SELECT: the arguments and the FILTER of each,
// evaluated once per batch. Who keeps the groups adds them row by row: GROUP BY of a query to its
// table of keys, a rule to the windows of its devices.
class AggregateInput {
public:
    // Borrowed; they outlive it.
    explicit AggregateInput(const std::vector<sql::AggregateCall>& calls);

    // The rows are those of `in` from here on. The frame and the text of `evaluation` must stay
    // until the last of them was asked for. The caller settles the evaluation before.
    void begin(const column::Frame& in, sql::Evaluation& evaluation);

    // Whether aggregate `call` takes the row: its FILTER is true.
    [[nodiscard]] bool takes(std::size_t call, std::size_t row) const noexcept {
        const column::Column* filter = inputs_[call].filter;
        return filter == nullptr || filter->at(row).is_true();
    }
    // Its arguments.
    [[nodiscard]] std::span<const column::Column* const> columns(std::size_t call) const noexcept {
        return inputs_[call].args;
    }
    // Its arguments there, until it is asked again.
    [[nodiscard]] std::span<const column::Value> args(std::size_t call, std::size_t row) {
        const auto& columns = inputs_[call].args;
        for (std::size_t i = 0; i < columns.size(); ++i) values_[i] = columns[i]->at(row);
        return {values_.data(), columns.size()};
    }
    // Adds the row to one group: one state per aggregate, none of them DISTINCT.
    void add(std::size_t row, std::span<sql::AggregateState> group, std::uint64_t& mismatches);

private:
    struct Input {
        sql::AggregateKind kind{};
        bool is_plain = false;                  // at most one argument and no FILTER: most are
        const column::Column* first = nullptr;  // argument; null: has none
        const column::Column* filter = nullptr; // null: all rows
        std::vector<const column::Column*> args;
    };
    [[nodiscard]] const column::Column* column_of(const sql::Expression& expression,
                                                  const column::Frame& in,
                                                  sql::Evaluation& evaluation);

    const std::vector<sql::AggregateCall>& calls_;
    std::vector<Input> inputs_;
    std::deque<column::Column> made_; // of expressions that are no column of the frame
    std::vector<column::Value> values_;
};

} // namespace holdfast::exec
