#pragma once

#include "exec/key_table.hpp"

#include <holdfast/exec/aggregate_input.hpp>
#include <holdfast/exec/evaluated.hpp>
#include <holdfast/exec/operator.hpp>
#include <holdfast/exec/parts.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::exec {

// Groups and what their aggregates have seen. One thread.
class Groups {
public:
    // The plan is borrowed.
    Groups(const sql::SelectPlan& plan, Context& context);

    // Rows of the grouped SELECT's input. limit_exceeded, naming what the memory was for.
    [[nodiscard]] Result<void> add(const column::Frame& in, BatchEvaluation& evaluation);
    // The same of parts, whose keys are columns of that input.
    [[nodiscard]] Result<void> add_parts(const column::Frame& keys,
                                         std::span<const sql::AggregatePart> parts,
                                         BatchEvaluation& evaluation);
    // Without keys there is one group, also of no rows.
    [[nodiscard]] Result<void> finish();

    [[nodiscard]] std::uint32_t size() const noexcept { return keys_.size(); }
    // Keys, then aggregates, of so many groups from `first` on.
    void fill(std::uint32_t first, std::size_t rows, std::vector<column::Column>& out,
              column::TextArena& arena);

private:
    // Rows of a batch, one behind the other, that are of one group.
    struct Run {
        std::uint32_t group = 0;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
    };
    [[nodiscard]] sql::AggregateState& state(std::uint32_t group, std::size_t call) {
        return states_[group * plan_.aggregates.size() + call];
    }
    [[nodiscard]] Result<void> make_states(std::uint32_t group);
    [[nodiscard]] Result<void> number_rows(const column::Frame& in, BatchEvaluation& evaluation);
    [[nodiscard]] Result<void> add(std::size_t index);
    [[nodiscard]] Result<void> add_distinct(std::size_t index, const Run& run);
    [[nodiscard]] Result<bool> first_time(std::size_t call, std::uint32_t group,
                                          std::span<const column::Value> values);

    const sql::SelectPlan& plan_;
    Context& context_;
    AggregateInput input_;
    KeyTable keys_;
    HeldMemory held_;
    std::deque<sql::AggregateState> states_;       // group by group; never moved
    std::deque<std::optional<KeyTable>> distinct_; // by aggregate: what was seen of DISTINCT
    std::vector<Run> runs_;
    std::vector<column::Value> key_;
};

// Gives the groups once they are filled, in the order in which they were met.
class GroupsCursor : public Cursor {
public:
    GroupsCursor(const sql::SelectPlan& plan, Context& context)
        : context_(context), groups_(plan, context), evaluation_(context) {}
    [[nodiscard]] Result<bool> next(column::Frame& out) final;

protected:
    // Adds all there is.
    [[nodiscard]] virtual Result<void> fill(Groups& groups, BatchEvaluation& evaluation) = 0;

private:
    Context& context_;
    Groups groups_;
    BatchEvaluation evaluation_;
    std::vector<column::Column> made_;
    std::uint32_t next_ = 0;
    bool is_filled_ = false;
};

// "group by a, b: count(*), sum(x)"
[[nodiscard]] std::string groups_text(const sql::SelectPlan& plan);

} // namespace holdfast::exec
