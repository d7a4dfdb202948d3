#include "sql/select_binder.hpp"

#include <algorithm>

namespace holdfast::sql {
namespace {

using column::Comparison;
using column::FieldKind;
using column::Type;

bool is_scanned(const SourcePlan& source) noexcept {
    return source.kind != SourcePlan::Kind::unnest;
}

// The sources whose columns an expression names, as a bit each.
std::uint64_t sources_of(const Expression& e, const std::vector<SourcePlan>& sources) {
    static_assert(kSourcesMax <= 64);
    std::uint64_t bits = 0;
    walk(e, [&](const Expression& each) {
        if (each.kind != ExpressionKind::slot) return;
        for (std::size_t i = 0; i < sources.size(); ++i)
            if (each.slot >= sources[i].first_slot &&
                each.slot < sources[i].first_slot + sources[i].width())
                bits |= std::uint64_t{1} << i;
    });
    return bits;
}

void shift(Expression& e, std::size_t by) {
    walk(e, [by](Expression& each) {
        if (each.kind == ExpressionKind::slot) each.slot -= by;
    });
}

Comparison mirrored(Comparison op) noexcept {
    switch (op) {
        case Comparison::less: return Comparison::greater;
        case Comparison::less_equal: return Comparison::greater_equal;
        case Comparison::greater: return Comparison::less;
        case Comparison::greater_equal: return Comparison::less_equal;
        case Comparison::equal:
        case Comparison::not_equal: break;
    }
    return op;
}

void narrow(TimeRange& range, Comparison op, std::int64_t us) noexcept {
    const std::int64_t next = us == INT64_MAX ? us : us + 1;
    switch (op) {
        case Comparison::equal:
            range.from_us = std::max(range.from_us, us);
            range.to_us = std::min(range.to_us, next);
            break;
        case Comparison::less: range.to_us = std::min(range.to_us, us); break;
        case Comparison::less_equal: range.to_us = std::min(range.to_us, next); break;
        case Comparison::greater: range.from_us = std::max(range.from_us, next); break;
        case Comparison::greater_equal: range.from_us = std::max(range.from_us, us); break;
        case Comparison::not_equal: break;
    }
}

// The range of the source's time `column` is, if any.
TimeRange* range_of(SourcePlan& source, const Expression& column) noexcept {
    if (column.kind != ExpressionKind::slot || column.slot >= source.fields.size()) return nullptr;
    const auto kind = source.fields[column.slot].kind;
    if (kind == FieldKind::arrival_ts) return &source.arrival_time;
    return kind == FieldKind::ts ? &source.event_time : nullptr;
}

void narrow(SourcePlan& source, const Expression& e) {
    const auto time_of = [](const Expression& literal) {
        return literal.kind == ExpressionKind::literal && literal.literal.type() == Type::timestamp;
    };
    if (e.kind == ExpressionKind::comparison) {
        TimeRange* left = range_of(source, *e.args[0]);
        TimeRange* right = range_of(source, *e.args[1]);
        if (left != nullptr && time_of(*e.args[1]))
            narrow(*left, e.comparison, e.args[1]->literal.as_int());
        if (right != nullptr && time_of(*e.args[0]))
            narrow(*right, mirrored(e.comparison), e.args[0]->literal.as_int());
    }
    if (e.kind == ExpressionKind::between && !e.is_negated && time_of(*e.args[1]) &&
        time_of(*e.args[2])) {
        TimeRange* range = range_of(source, *e.args[0]);
        if (range == nullptr) return;
        narrow(*range, Comparison::greater_equal, e.args[1]->literal.as_int());
        narrow(*range, Comparison::less_equal, e.args[2]->literal.as_int());
    }
}

void give(SourcePlan& source, ExpressionPtr condition) {
    shift(*condition, source.first_slot);
    narrow(source, *condition);
    source.filters.push_back(std::move(condition));
}

// ON: what the new relation alone decides goes to it, `before = own` becomes a key of the join.
void split_on(SelectPlan& plan, std::size_t index) {
    SourcePlan& source = plan.sources[index];
    std::vector<ExpressionPtr> conjuncts;
    split_conjuncts(std::move(source.on), conjuncts);
    const std::uint64_t own = std::uint64_t{1} << index;
    std::vector<ExpressionPtr> rest;
    for (auto& each : conjuncts) {
        if (is_scanned(source) && sources_of(*each, plan.sources) == own) {
            give(source, std::move(each));
            continue;
        }
        const bool is_equality = each->kind == ExpressionKind::comparison &&
                                 each->comparison == Comparison::equal && is_scanned(source);
        if (is_equality) {
            std::uint64_t left = sources_of(*each->args[0], plan.sources);
            std::uint64_t right = sources_of(*each->args[1], plan.sources);
            if (left == own && right != 0 && (right & own) == 0) {
                std::swap(each->args[0], each->args[1]);
                std::swap(left, right);
            }
            if (right == own && left != 0 && (left & own) == 0) {
                shift(*each->args[1], source.first_slot);
                source.equal.emplace_back(std::move(each->args[0]), std::move(each->args[1]));
                continue;
            }
        }
        rest.push_back(std::move(each));
    }
    source.on = join_conjuncts(std::move(rest));
}

// By whose result the order of rows shows, beside rounding, and values of different types.
bool needs_order(AggregateKind kind) noexcept {
    switch (kind) {
        case AggregateKind::first:
        case AggregateKind::last:
        case AggregateKind::min_by:
        case AggregateKind::max_by:
        case AggregateKind::list:
        case AggregateKind::string_agg: return true;
        default: return false;
    }
}

} // namespace

void split_conjuncts(ExpressionPtr condition, std::vector<ExpressionPtr>& out) {
    if (!condition) return;
    if (condition->kind != ExpressionKind::logical_and) {
        out.push_back(std::move(condition));
        return;
    }
    for (auto& each : condition->args) split_conjuncts(std::move(each), out);
}

ExpressionPtr join_conjuncts(std::vector<ExpressionPtr> conjuncts) {
    ExpressionPtr all;
    for (auto& each : conjuncts) {
        if (!all) {
            all = std::move(each);
            continue;
        }
        auto both = std::make_unique<Expression>();
        both->kind = ExpressionKind::logical_and;
        both->at = each->at;
        both->args.push_back(std::move(all));
        both->args.push_back(std::move(each));
        all = std::move(both);
    }
    return all;
}

void let_order_go(SelectPlan& plan) {
    const bool is_any_order =
        plan.is_grouped && std::ranges::none_of(plan.aggregates, [](const AggregateCall& call) {
            return needs_order(call.kind);
        });
    for (SourcePlan& source : plan.sources) source.in_any_order = is_any_order;
}

void push_down(SelectPlan& plan) {
    for (std::size_t i = 1; i < plan.sources.size(); ++i) split_on(plan, i);
    std::vector<ExpressionPtr> kept;
    for (auto& each : plan.filters) {
        const std::uint64_t bits = sources_of(*each, plan.sources);
        std::size_t taker = plan.sources.size();
        for (std::size_t i = 0; i < plan.sources.size(); ++i) {
            const bool may_take = i == 0 || plan.sources[i].join == JoinKind::inner;
            if (bits == std::uint64_t{1} << i && may_take && is_scanned(plan.sources[i])) taker = i;
        }
        if (taker < plan.sources.size()) {
            give(plan.sources[taker], std::move(each));
        } else {
            kept.push_back(std::move(each));
        }
    }
    plan.filters = std::move(kept);
}

} // namespace holdfast::sql
