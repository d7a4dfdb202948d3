#include "exec/groups.hpp"

#include "exec/same_cells.hpp"

#include <holdfast/sql/expression_text.hpp>

#include <algorithm>

namespace holdfast::exec {

using column::Column;
using column::Frame;
using column::Value;

Groups::Groups(const sql::SelectPlan& plan, Context& context)
    : plan_(plan),
      context_(context),
      input_(plan.aggregates),
      keys_(plan.keys.size(), context, "GROUP BY"),
      held_(context, "GROUP BY") {
    for (const auto& call : plan.aggregates) {
        distinct_.emplace_back();
        if (call.is_distinct)
            distinct_.back().emplace(1 + call.args.size(), context, "an aggregate of DISTINCT");
    }
}

Result<void> Groups::add(const Frame& in, BatchEvaluation& evaluation) {
    HF_TRY(number_rows(in, evaluation));
    input_.begin(in, evaluation.current());
    HF_TRY(evaluation.settle());
    for (std::size_t i = 0; i < plan_.aggregates.size(); ++i) {
        HF_TRY(add(i));
    }
    return ok();
}

Result<void> Groups::add_parts(const Frame& keys, std::span<const sql::AggregatePart> parts,
                               BatchEvaluation& evaluation) {
    HF_TRY(number_rows(keys, evaluation));
    const std::size_t calls = plan_.aggregates.size();
    for (const Run& run : runs_)
        for (std::size_t row = run.begin; row < run.end; ++row)
            for (std::size_t i = 0; i < calls; ++i)
                state(run.group, i)
                    .add_part(plan_.aggregates[i].kind, parts[row * calls + i],
                              context_.mismatches);
    return ok();
}

Result<void> Groups::finish() {
    if (!plan_.keys.empty() || keys_.size() != 0) return ok();
    HF_TRY(const auto number, keys_.add({}));
    return make_states(number);
}

void Groups::fill(std::uint32_t first, std::size_t rows, std::vector<Column>& out,
                  column::TextArena& arena) {
    const std::size_t width = plan_.keys.size();
    out.resize(width + plan_.aggregates.size());
    for (std::size_t c = 0; c < out.size(); ++c) {
        out[c].reset(rows);
        for (std::size_t row = 0; row < rows; ++row) {
            const auto number = static_cast<std::uint32_t>(first + row);
            if (c < width) {
                out[c].set(row, keys_.keys().at(number, c));
            } else {
                const std::size_t call = c - width;
                out[c].set(row, state(number, call).result(plan_.aggregates[call].kind, arena));
            }
        }
    }
}

Result<void> Groups::make_states(std::uint32_t group) {
    if (std::size_t{group} * plan_.aggregates.size() < states_.size() || plan_.aggregates.empty())
        return ok();
    HF_TRY(held_.add(plan_.aggregates.size() * sizeof(sql::AggregateState)));
    for (std::size_t i = 0; i < plan_.aggregates.size(); ++i) states_.emplace_back();
    return ok();
}

// A row whose keys look like those of the row before is of its group: rows of a history come device
// after device.
Result<void> Groups::number_rows(const Frame& in, BatchEvaluation& evaluation) {
    const std::vector<Evaluated> keys = evaluate_all(plan_.keys, in, evaluation.current());
    HF_TRY(evaluation.settle());
    runs_.clear();
    key_.resize(keys.size());
    for (std::uint32_t row = 0; row < in.rows; ++row) {
        const bool goes_on = row > 0 && std::ranges::all_of(keys, [row](const Evaluated& key) {
                                 return looks_the_same(key.get(), row - 1, row);
                             });
        if (goes_on) {
            runs_.back().end = row + 1;
            continue;
        }
        for (std::size_t i = 0; i < keys.size(); ++i) key_[i] = keys[i].get().at(row);
        HF_TRY(const std::uint32_t group, keys_.add(key_));
        HF_TRY(make_states(group));
        runs_.push_back({group, row, row + 1});
    }
    return ok();
}

// One aggregate over the whole batch: its kind is looked at row by row no more than needed.
Result<void> Groups::add(std::size_t index) {
    const sql::AggregateCall& call = plan_.aggregates[index];
    const auto columns = input_.columns(index);
    const column::Type type =
        columns.empty() ? column::Type::null : columns.front()->uniform_type();
    for (const Run& run : runs_) {
        sql::AggregateState& to = state(run.group, index);
        const std::size_t before = to.heap_bytes();
        if (call.is_distinct) {
            HF_TRY(add_distinct(index, run));
        } else if (call.filter) {
            for (std::size_t row = run.begin; row < run.end; ++row)
                if (input_.takes(index, row))
                    to.add(call.kind, input_.args(index, row), context_.mismatches);
        } else {
            to.add_run(call.kind, columns, type, run.begin, run.end, context_.mismatches);
        }
        const std::size_t after = to.heap_bytes();
        if (after > before) {
            HF_TRY(held_.add(after - before));
        }
    }
    return ok();
}

Result<void> Groups::add_distinct(std::size_t index, const Run& run) {
    for (std::size_t row = run.begin; row < run.end; ++row) {
        if (!input_.takes(index, row)) continue;
        const std::span<const Value> values = input_.args(index, row);
        HF_TRY(const bool is_new, first_time(index, run.group, values));
        if (is_new)
            state(run.group, index).add(plan_.aggregates[index].kind, values, context_.mismatches);
    }
    return ok();
}

Result<bool> Groups::first_time(std::size_t call, std::uint32_t group,
                                std::span<const Value> values) {
    std::vector<Value> key{Value::of_int(group)};
    key.insert(key.end(), values.begin(), values.end());
    const std::uint32_t before = distinct_[call]->size();
    HF_TRY(const auto number, distinct_[call]->add(key));
    return number == before;
}

Result<bool> GroupsCursor::next(Frame& out) {
    if (!is_filled_) {
        is_filled_ = true;
        HF_TRY(fill(groups_, evaluation_));
        HF_TRY(groups_.finish());
    }
    HF_TRY(context_.check());
    if (next_ == groups_.size()) return false;
    sql::Evaluation& evaluation = evaluation_.begin();
    out.rows = std::min<std::size_t>(kBatchRows, groups_.size() - next_);
    groups_.fill(next_, out.rows, made_, evaluation.arena);
    HF_TRY(evaluation_.settle());
    next_ += static_cast<std::uint32_t>(out.rows);
    out.columns.clear();
    for (const Column& each : made_) out.columns.push_back(&each);
    return true;
}

std::string groups_text(const sql::SelectPlan& plan) {
    std::string line = "group";
    for (const auto& key : plan.keys)
        line += (&key == &plan.keys.front() ? " by " : ", ") + sql::to_text(*key);
    for (const auto& call : plan.aggregates)
        line += (&call == &plan.aggregates.front() ? ": " : ", ") + sql::to_text(call);
    return line;
}

} // namespace holdfast::exec
