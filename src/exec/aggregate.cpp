#include "exec/groups.hpp"
#include "exec/operators.hpp"

#include <utility>

namespace holdfast::exec {
namespace {

class AggregateCursor final : public GroupsCursor {
public:
    AggregateCursor(const sql::SelectPlan& plan, std::unique_ptr<Cursor> input, Context& context)
        : GroupsCursor(plan, context), input_(std::move(input)) {}

private:
    Result<void> fill(Groups& groups, BatchEvaluation& evaluation) override {
        for (column::Frame in;;) {
            HF_TRY(const bool any, input_->next(in));
            if (!any) break;
            evaluation.begin();
            HF_TRY(groups.add(in, evaluation));
        }
        input_.reset(); // what it kept is not needed any more
        return ok();
    }

    std::unique_ptr<Cursor> input_;
};

class Aggregate final : public Operator {
public:
    Aggregate(OperatorPtr input, const sql::SelectPlan& plan)
        : input_(std::move(input)), plan_(plan) {}

    Result<std::unique_ptr<Cursor>> start(Context& context) const override {
        HF_TRY(auto input, input_->open(context));
        return std::make_unique<AggregateCursor>(plan_, std::move(input), context);
    }
    std::string describe() const override { return groups_text(plan_); }
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
