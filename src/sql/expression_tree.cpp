#include <holdfast/sql/expression.hpp>

#include <algorithm>

namespace holdfast::sql {
namespace {

bool same(const ExpressionPtr& left, const ExpressionPtr& right) noexcept {
    if (!left || !right) return !left && !right;
    return sql::same(*left, *right);
}

bool same(const OverClause& left, const OverClause& right) noexcept {
    const auto same_bound = [](const FrameBound& a, const FrameBound& b) {
        return a.kind == b.kind && a.distance == b.distance;
    };
    const auto same_term = [](const OrderTerm& a, const OrderTerm& b) {
        return a.is_descending == b.is_descending && a.nulls_first == b.nulls_first &&
               same(a.expression, b.expression);
    };
    const auto same_key = [](const ExpressionPtr& a, const ExpressionPtr& b) { return same(a, b); };
    return left.is_range == right.is_range && same_bound(left.from, right.from) &&
           same_bound(left.to, right.to) &&
           std::equal(left.partition.begin(), left.partition.end(), right.partition.begin(),
                      right.partition.end(), same_key) &&
           std::equal(left.order.begin(), left.order.end(), right.order.begin(), right.order.end(),
                      same_term);
}

bool same_literal(const column::Value& left, const column::Value& right) noexcept {
    if (left.type() != right.type()) return false;
    return left.is_null() || column::compare(left, right) == 0;
}

} // namespace

ExpressionPtr clone(const Expression& from) {
    auto made = std::make_unique<Expression>();
    made->kind = from.kind;
    made->at = from.at;
    made->depth = from.depth;
    for (const auto& arg : from.args) made->args.push_back(clone(*arg));
    made->text = from.text;
    made->literal = from.literal.type() == column::Type::text ? column::Value::of_text(made->text)
                                                              : from.literal;
    made->path = from.path;
    made->is_quoted = from.is_quoted;
    made->slot = from.slot;
    made->arithmetic = from.arithmetic;
    made->comparison = from.comparison;
    made->is_negated = from.is_negated;
    made->has_operand = from.has_operand;
    made->has_else = from.has_else;
    made->is_star = from.is_star;
    made->is_distinct = from.is_distinct;
    made->ignores_case = from.ignores_case;
    made->cast_to = from.cast_to;
    made->function = from.function;
    if (from.filter) made->filter = clone(*from.filter);
    if (from.over) {
        made->over = std::make_unique<OverClause>();
        for (const auto& key : from.over->partition) made->over->partition.push_back(clone(*key));
        for (const auto& term : from.over->order)
            made->over->order.push_back(
                {clone(*term.expression), term.is_descending, term.nulls_first});
        made->over->is_range = from.over->is_range;
        made->over->from = from.over->from;
        made->over->to = from.over->to;
    }
    return made;
}

bool same(const Expression& left, const Expression& right) noexcept {
    // a slot keeps the name that it was written with, which may differ: s.x and x
    if (left.kind == ExpressionKind::slot && right.kind == ExpressionKind::slot)
        return left.slot == right.slot;
    if (left.kind != right.kind || left.text != right.text || left.path != right.path ||
        left.slot != right.slot || left.arithmetic != right.arithmetic ||
        left.comparison != right.comparison || left.is_negated != right.is_negated ||
        left.has_operand != right.has_operand || left.has_else != right.has_else ||
        left.is_star != right.is_star || left.is_distinct != right.is_distinct ||
        left.ignores_case != right.ignores_case || left.cast_to != right.cast_to ||
        left.function != right.function || !same_literal(left.literal, right.literal) ||
        !same(left.filter, right.filter) || !left.over != !right.over)
        return false;
    if (left.over && !same(*left.over, *right.over)) return false;
    return std::equal(left.args.begin(), left.args.end(), right.args.begin(), right.args.end(),
                      [](const ExpressionPtr& a, const ExpressionPtr& b) { return same(a, b); });
}

void walk(Expression& e, const std::function<void(Expression&)>& visit) {
    visit(e);
    for (const auto& arg : e.args) walk(*arg, visit);
    if (e.filter) walk(*e.filter, visit);
    if (!e.over) return;
    for (const auto& key : e.over->partition) walk(*key, visit);
    for (const auto& term : e.over->order) walk(*term.expression, visit);
}

void walk(const Expression& e, const std::function<void(const Expression&)>& visit) {
    // the visitor sees a const node, so nothing is written through the cast
    walk(const_cast<Expression&>(e), [&visit](Expression& each) { visit(each); });
}

} // namespace holdfast::sql
