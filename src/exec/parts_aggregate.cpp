// GROUP BY from parts that a store has, and from rows for what they do not hold.
#include "exec/groups.hpp"
#include "exec/operators.hpp"

#include <holdfast/exec/explain.hpp>
#include <holdfast/sql/time_zone.hpp>

#include <array>
#include <utility>

namespace holdfast::exec {
namespace {

using column::Column;
using column::Frame;
using column::Type;

std::vector<const sql::Expression*> borrowed(const Expressions& all) {
    std::vector<const sql::Expression*> out;
    for (const auto& each : all) out.push_back(each.get());
    return out;
}

// Gives the rows of one cursor, once: an operator of one run.
class Handed final : public Operator {
public:
    explicit Handed(std::unique_ptr<Cursor> rows) : rows_(std::move(rows)) {}

    Result<std::unique_ptr<Cursor>> start(Context&) const override { return std::move(rows_); }
    std::string describe() const override { return "rows"; }
    std::vector<const Operator*> inputs() const override { return {}; }

private:
    mutable std::unique_ptr<Cursor> rows_;
};

class PartsAggregateCursor final : public GroupsCursor {
public:
    PartsAggregateCursor(const sql::SelectPlan& plan, std::unique_ptr<PartsCursor> parts,
                         Context& context, const Operator& self, const Operator& rest)
        : GroupsCursor(plan, context),
          plan_(plan),
          context_(context),
          parts_(std::move(parts)),
          self_(self),
          rest_(rest) {}

private:
    Result<void> fill(Groups& groups, BatchEvaluation& evaluation) override {
        for (PartFrame in;;) {
            HF_TRY(context_.check());
            HF_TRY(const bool any, parts_->next(in));
            if (!any) break;
            add_window(in.keys);
            evaluation.begin();
            HF_TRY(groups.add_parts(in.keys, in.parts, evaluation));
        }
        if (context_.profile() != nullptr) context_.profile()->of(self_).note = parts_->cost();
        HF_TRY(fill_rest(groups, evaluation));
        parts_.reset();
        return ok();
    }

    // A bucket lies in one window whole.
    void add_window(Frame& keys) {
        if (!plan_.window) return;
        const std::int64_t* times = keys.columns[plan_.window->ts_slot]->words();
        std::int64_t* starts = window_[0].fill(Type::timestamp, keys.rows);
        std::int64_t* ends = window_[1].fill(Type::timestamp, keys.rows);
        for (std::size_t row = 0; row < keys.rows; ++row) {
            const auto bucket = sql::time_bucket(times[row], plan_.window->size_us, {});
            starts[row] = bucket.start_us;
            ends[row] = bucket.end_us;
        }
        for (const Column& each : window_) keys.columns.push_back(&each);
    }

    Result<void> fill_rest(Groups& groups, BatchEvaluation& evaluation) {
        HF_TRY(auto rows, parts_->rest());
        OperatorPtr rest = make_filter(std::make_unique<Handed>(std::move(rows)),
                                       borrowed(plan_.sources.front().filters));
        if (plan_.window) rest = make_window_assign(std::move(rest), *plan_.window);
        HF_TRY(const auto cursor, rest->open(context_));
        for (Frame in;;) {
            HF_TRY(context_.check());
            HF_TRY(const bool any, cursor->next(in));
            if (!any) return ok();
            context_.rows_read += in.rows;
            if (context_.profile() != nullptr) context_.profile()->of(rest_).rows += in.rows;
            evaluation.begin();
            HF_TRY(groups.add(in, evaluation));
        }
    }

    const sql::SelectPlan& plan_;
    Context& context_;
    std::unique_ptr<PartsCursor> parts_; // null once all was read
    const Operator& self_; // what the profile knows this as, and the rows that are read
    const Operator& rest_;
    std::array<Column, 2> window_; // window_start, window_end
};

class PartsAggregate final : public Operator {
public:
    PartsAggregate(const sql::SelectPlan& plan, PartsPlan parts, const RowSource& rows)
        : plan_(plan),
          parts_(std::move(parts)),
          rows_(rows),
          rest_(make_filter(make_scan(plan.sources.front(), rows),
                            borrowed(plan.sources.front().filters))) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto parts, rows_.open_parts(plan_.sources.front(), parts_, context));
        return std::make_unique<PartsAggregateCursor>(plan_, std::move(parts), context, *this,
                                                      *rest_);
    }
    std::string describe() const override {
        return groups_text(plan_) + ", aggregates from history";
    }
    // What is shown: rows are read only where there are no parts.
    std::vector<const Operator*> inputs() const override { return {rest_.get()}; }

private:
    const sql::SelectPlan& plan_;
    const PartsPlan parts_;
    const RowSource& rows_;
    const OperatorPtr rest_;
};

} // namespace

OperatorPtr make_parts_aggregate(const sql::SelectPlan& plan, PartsPlan parts,
                                 const RowSource& rows) {
    return std::make_unique<PartsAggregate>(plan, std::move(parts), rows);
}

} // namespace holdfast::exec
