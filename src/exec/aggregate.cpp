#include "exec/evaluated.hpp"
#include "exec/key_table.hpp"
#include "exec/operators.hpp"

#include <holdfast/sql/expression_text.hpp>

#include <deque>
#include <optional>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Value;

// Groups and what their aggregates have seen.
class Groups {
public:
    Groups(const sql::SelectPlan& plan, Context& context)
        : plan_(plan),
          context_(context),
          keys_(plan.keys.size(), context, "GROUP BY"),
          held_(context, "GROUP BY") {
        for (const auto& call : plan.aggregates) {
            distinct_.emplace_back();
            if (call.is_distinct)
                distinct_.back().emplace(1 + call.args.size(), context, "an aggregate of DISTINCT");
        }
    }

    Result<void> add(const Frame& in, BatchEvaluation& evaluation) {
        HF_TRY(number_rows(in, evaluation));
        for (std::size_t i = 0; i < plan_.aggregates.size(); ++i) {
            HF_TRY(add(i, in, evaluation));
        }
        return ok();
    }
    // Without keys there is one group, also of no rows.
    Result<void> finish() {
        if (!plan_.keys.empty() || keys_.size() != 0) return ok();
        HF_TRY(const auto number, keys_.add({}));
        return make_states(number);
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return keys_.size(); }
    void fill(std::uint32_t first, std::size_t rows, std::vector<Column>& out,
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

private:
    sql::AggregateState& state(std::uint32_t group, std::size_t call) {
        return states_[group * plan_.aggregates.size() + call];
    }

    Result<void> make_states(std::uint32_t group) {
        if (std::size_t{group} * plan_.aggregates.size() < states_.size() ||
            plan_.aggregates.empty())
            return ok();
        HF_TRY(held_.add(plan_.aggregates.size() * sizeof(sql::AggregateState)));
        for (std::size_t i = 0; i < plan_.aggregates.size(); ++i) states_.emplace_back();
        return ok();
    }

    Result<void> number_rows(const Frame& in, BatchEvaluation& evaluation) {
        const std::vector<Evaluated> keys = evaluate_all(plan_.keys, in, evaluation.current());
        HF_TRY(evaluation.settle());
        numbers_.resize(in.rows);
        key_.resize(keys.size());
        for (std::size_t row = 0; row < in.rows; ++row) {
            for (std::size_t i = 0; i < keys.size(); ++i) key_[i] = keys[i].get().at(row);
            HF_TRY(numbers_[row], keys_.add(key_));
            HF_TRY(make_states(numbers_[row]));
        }
        return ok();
    }

    // One aggregate over the whole batch: its kind is looked at row by row no more than needed.
    Result<void> add(std::size_t index, const Frame& in, BatchEvaluation& evaluation) {
        const sql::AggregateCall& call = plan_.aggregates[index];
        const std::vector<Evaluated> args = evaluate_all(call.args, in, evaluation.current());
        std::optional<Evaluated> filter;
        if (call.filter) filter.emplace(*call.filter, in, evaluation.current());
        HF_TRY(evaluation.settle());
        const bool keeps_text =
            call.kind != sql::AggregateKind::count_rows && call.kind != sql::AggregateKind::count &&
            call.kind != sql::AggregateKind::sum && call.kind != sql::AggregateKind::avg;
        std::vector<Value> values(args.size());
        for (std::size_t row = 0; row < in.rows; ++row) {
            if (filter && !filter->get().at(row).is_true()) continue;
            for (std::size_t i = 0; i < args.size(); ++i) values[i] = args[i].get().at(row);
            if (call.is_distinct) {
                HF_TRY(const bool is_new, first_time(index, numbers_[row], values));
                if (!is_new) continue;
            }
            sql::AggregateState& to = state(numbers_[row], index);
            if (!keeps_text) {
                to.add(call.kind, values, context_.mismatches);
                continue;
            }
            const std::size_t before = to.heap_bytes();
            to.add(call.kind, values, context_.mismatches);
            const std::size_t after = to.heap_bytes();
            if (after > before) {
                HF_TRY(held_.add(after - before));
            }
        }
        return ok();
    }
    Result<bool> first_time(std::size_t call, std::uint32_t group,
                            const std::vector<Value>& values) {
        std::vector<Value> key{Value::of_int(group)};
        key.insert(key.end(), values.begin(), values.end());
        const std::uint32_t before = distinct_[call]->size();
        HF_TRY(const auto number, distinct_[call]->add(key));
        return number == before;
    }

    const sql::SelectPlan& plan_;
    Context& context_;
    KeyTable keys_;
    HeldMemory held_;
    std::deque<sql::AggregateState> states_;       // group by group; never moved
    std::deque<std::optional<KeyTable>> distinct_; // by aggregate: what was seen of DISTINCT
    std::vector<std::uint32_t> numbers_;           // of each row's group
    std::vector<Value> key_;
};

class AggregateCursor final : public Cursor {
public:
    AggregateCursor(const sql::SelectPlan& plan, std::unique_ptr<Cursor> input, Context& context)
        : input_(std::move(input)),
          context_(context),
          groups_(plan, context),
          evaluation_(context) {}

    Result<bool> next(Frame& out) override {
        if (!is_filled_) {
            HF_TRY(fill());
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

private:
    Result<void> fill() {
        is_filled_ = true;
        for (Frame in;;) {
            HF_TRY(const bool any, input_->next(in));
            if (!any) break;
            evaluation_.begin();
            HF_TRY(groups_.add(in, evaluation_));
        }
        input_.reset(); // what it kept is not needed any more
        return groups_.finish();
    }

    std::unique_ptr<Cursor> input_;
    Context& context_;
    Groups groups_;
    BatchEvaluation evaluation_;
    std::vector<Column> made_;
    std::uint32_t next_ = 0;
    bool is_filled_ = false;
};

class Aggregate final : public Operator {
public:
    Aggregate(OperatorPtr input, const sql::SelectPlan& plan)
        : input_(std::move(input)), plan_(plan) {}

    Result<std::unique_ptr<Cursor>> open(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<AggregateCursor>(plan_, std::move(input), context);
    }
    std::string describe() const override {
        std::string line = "group";
        for (const auto& key : plan_.keys)
            line += (&key == &plan_.keys.front() ? " by " : ", ") + sql::to_text(*key);
        for (const auto& call : plan_.aggregates)
            line += (&call == &plan_.aggregates.front() ? ": " : ", ") + sql::to_text(call);
        return line;
    }
    std::vector<const Operator*> inputs() const override { return {input_.get()}; }

private:
    OperatorPtr input_;
    const sql::SelectPlan& plan_;
};

} // namespace

OperatorPtr make_aggregate(OperatorPtr input, const sql::SelectPlan& plan) {
    return std::make_unique<Aggregate>(std::move(input), plan);
}

} // namespace holdfast::exec
