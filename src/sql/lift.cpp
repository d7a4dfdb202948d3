#include "sql/select_binder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace holdfast::sql {
namespace {

void to_slot(ExpressionPtr& e, std::size_t slot) {
    auto made = std::make_unique<Expression>();
    made->kind = ExpressionKind::slot;
    made->at = e->at;
    made->path = e->path;
    made->slot = slot;
    e = std::move(made);
}

AggregateCall aggregate_call(Expression& e) {
    AggregateCall call{*find_aggregate(e.text), e.is_distinct, {}, std::move(e.filter)};
    if (call.kind == AggregateKind::count && e.args.empty()) call.kind = AggregateKind::count_rows;
    call.args = std::move(e.args);
    return call;
}

bool same_or_none(const ExpressionPtr& a, const ExpressionPtr& b) noexcept {
    return (!a && !b) || (a && b && same(*a, *b));
}

// Its number; one that is asked for twice is computed once.
std::size_t number_of(AggregateCall call, std::vector<AggregateCall>& all) {
    const auto found = std::find_if(all.begin(), all.end(), [&call](const AggregateCall& one) {
        return one.kind == call.kind && one.is_distinct == call.is_distinct &&
               same_or_none(one.filter, call.filter) &&
               std::equal(one.args.begin(), one.args.end(), call.args.begin(), call.args.end(),
                          same_or_none);
    });
    if (found != all.end()) return static_cast<std::size_t>(found - all.begin());
    all.push_back(std::move(call));
    return all.size() - 1;
}

Result<void> lift_groups(ExpressionPtr& e, SelectPlan& plan) {
    for (std::size_t i = 0; i < plan.keys.size(); ++i) {
        if (!same(*e, *plan.keys[i])) continue;
        to_slot(e, i);
        return ok();
    }
    if (is_aggregate(*e)) {
        to_slot(e, plan.keys.size() + number_of(aggregate_call(*e), plan.aggregates));
        return ok();
    }
    if (e->kind == ExpressionKind::slot)
        return error_at(Errc::malformed, e->at,
                        fmt::format("column '{}' must stand in GROUP BY or in an aggregate",
                                    e->path.steps.empty() ? "topic_level" : e->path.to_string()));
    for (auto& arg : e->args) {
        HF_TRY(lift_groups(arg, plan));
    }
    if (e->filter) {
        HF_TRY(lift_groups(e->filter, plan));
    }
    if (!e->over) return ok();
    for (auto& key : e->over->partition) {
        HF_TRY(lift_groups(key, plan));
    }
    for (auto& term : e->over->order) {
        HF_TRY(lift_groups(term.expression, plan));
    }
    return ok();
}

void lift_windows(ExpressionPtr& e, SelectPlan& plan, std::size_t width) {
    if (!e->over) {
        for (auto& arg : e->args) lift_windows(arg, plan, width);
        return;
    }
    WindowCall made;
    made.over = std::move(*e->over);
    if (const auto function = find_window_function(e->text)) {
        made.function = *function;
        made.call.args = std::move(e->args);
    } else {
        made.function = WindowFunction::aggregate;
        made.call = aggregate_call(*e);
    }
    to_slot(e, width + plan.window_calls.size());
    plan.window_calls.push_back(std::move(made));
}

} // namespace

void each_output(SelectPlan& plan, const std::function<void(ExpressionPtr&)>& visit) {
    for (auto& item : plan.items) visit(item);
    for (auto& item : plan.hidden) visit(item);
    if (plan.having) visit(plan.having);
    if (plan.qualify) visit(plan.qualify);
}

Result<void> lift(SelectPlan& plan, std::size_t width) {
    plan.is_grouped = !plan.keys.empty();
    each_output(plan, [&](ExpressionPtr& root) {
        walk(*root, [&](Expression& e) {
            if (is_aggregate(e)) plan.is_grouped = true;
        });
    });
    if (plan.having && !plan.is_grouped)
        return error_at(Errc::malformed, plan.having->at, "HAVING needs GROUP BY");
    if (plan.is_grouped) {
        Result<void> lifted = ok();
        each_output(plan, [&](ExpressionPtr& root) {
            if (lifted) lifted = lift_groups(root, plan);
        });
        HF_TRY(std::move(lifted));
        width = plan.keys.size() + plan.aggregates.size();
    }
    each_output(plan, [&](ExpressionPtr& root) { lift_windows(root, plan, width); });
    return ok();
}

} // namespace holdfast::sql
