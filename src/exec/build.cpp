#include "exec/operators.hpp"

namespace holdfast::exec {
namespace {

using sql::SelectPlan;
using sql::SourcePlan;

std::vector<const sql::Expression*> borrowed(const Expressions& all) {
    std::vector<const sql::Expression*> out;
    for (const auto& each : all) out.push_back(each.get());
    return out;
}

// What is asked of a relation, where its filters hold.
OperatorPtr build_source(const SourcePlan& source, const RowSource& rows) {
    OperatorPtr at = source.kind == SourcePlan::Kind::query
                         ? make_pick(build(*source.query, rows), source.columns)
                         : make_scan(source, rows);
    // the filters are about the latest rows, not about those that were replaced
    if (source.kind == SourcePlan::Kind::latest) at = make_latest(std::move(at));
    return make_filter(std::move(at), borrowed(source.filters));
}

OperatorPtr build_sources(const SelectPlan& plan, const RowSource& rows) {
    if (plan.sources.empty()) return make_one_row();
    OperatorPtr at;
    for (const SourcePlan& source : plan.sources) {
        if (source.kind == SourcePlan::Kind::unnest) {
            at = make_unnest(at ? std::move(at) : make_one_row(), source);
        } else if (!at) {
            at = build_source(source, rows);
        } else {
            at = make_join(std::move(at), build_source(source, rows), source);
        }
    }
    return at;
}

OperatorPtr build_groups(OperatorPtr at, const SelectPlan& plan) {
    if (plan.window && plan.window->kind == sql::WindowClause::Kind::session) {
        const std::size_t start = plan.sources.back().first_slot + plan.sources.back().width();
        std::vector<const sql::Expression*> keys; // without window_start and window_end themselves
        for (const auto& key : plan.keys)
            if (key->kind != sql::ExpressionKind::slot || key->slot < start)
                keys.push_back(key.get());
        at = make_session(std::move(at), *plan.window, std::move(keys));
    } else if (plan.window) {
        at = make_window_assign(std::move(at), *plan.window);
    }
    return plan.is_grouped ? make_aggregate(std::move(at), plan) : std::move(at);
}

// Keys and aggregates; where nothing is grouped the input.
OperatorPtr build_grouped(const SelectPlan& plan, const RowSource& rows) {
    if (auto parts = parts_of(plan); parts && rows.has_parts(plan.sources.front()))
        return make_parts_aggregate(plan, std::move(*parts), rows);
    return build_groups(make_filter(build_sources(plan, rows), borrowed(plan.filters)), plan);
}

OperatorPtr build_select(const SelectPlan& plan, const RowSource& rows) {
    OperatorPtr at = build_grouped(plan, rows);
    if (plan.having) at = make_filter(std::move(at), {plan.having.get()});
    at = make_window(std::move(at), plan.window_calls);
    if (plan.qualify) at = make_filter(std::move(at), {plan.qualify.get()});
    auto items = borrowed(plan.items);
    for (const auto& hidden : plan.hidden) items.push_back(hidden.get());
    at = make_project(std::move(at), std::move(items));
    return plan.is_distinct ? make_distinct(std::move(at)) : std::move(at);
}

} // namespace

OperatorPtr build(const sql::QueryPlan& plan, const RowSource& rows) {
    std::vector<OperatorPtr> selects;
    for (const SelectPlan& select : plan.selects) selects.push_back(build_select(select, rows));
    OperatorPtr at = make_union(std::move(selects));
    if (!plan.order.empty()) {
        // rows that are skipped have to be sorted, too; a sum that overflows is a wish for all
        std::optional<std::uint64_t> first;
        if (plan.limit && *plan.limit <= UINT32_MAX && plan.offset <= UINT32_MAX)
            first = *plan.limit + plan.offset;
        at = make_sort(std::move(at), plan.order, first);
    }
    at = make_limit(std::move(at), plan.limit, plan.offset);
    if (plan.selects.size() == 1 && !plan.selects.front().hidden.empty()) {
        std::vector<std::size_t> shown(plan.names.size());
        for (std::size_t i = 0; i < shown.size(); ++i) shown[i] = i;
        at = make_pick(std::move(at), std::move(shown));
    }
    return at;
}

} // namespace holdfast::exec
