#include "sql/select_binder.hpp"

#include <holdfast/sql/function.hpp>
#include <holdfast/sql/rule_statement.hpp>
#include <holdfast/sql/time_zone.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace holdfast::sql {
namespace {

// Binds one SELECT in three steps: names become slots of the input frame; slots get their final
// numbers; then what is grouped and what windows compute is lifted out, frame by frame.
class SelectBinder {
public:
    SelectBinder(const SelectStatement& statement, const std::vector<OrderTerm>& order,
                 const CteScope& ctes, BindContext& context)
        : in_(statement), order_(order), ctes_(ctes), context_(context) {}

    Result<BoundSelect> run() {
        HF_TRY(sources());
        if (in_.where) {
            HF_TRY(where_, bound(*in_.where, Allowed{}));
        }
        HF_TRY(window());
        HF_TRY(items());
        HF_TRY(keys());
        if (in_.having) {
            HF_TRY(out_.plan.having, bound_with_items(*in_.having, {true, false}));
        }
        if (in_.qualify) {
            HF_TRY(out_.plan.qualify, bound_with_items(*in_.qualify, {true, true}));
        }
        HF_TRY(order());
        const std::size_t width = settle();
        HF_TRY(lift(out_.plan, width));
        if (out_.plan.qualify && out_.plan.window_calls.empty())
            return error_at(Errc::malformed, in_.qualify->at,
                            "QUALIFY needs a window function; WHERE or HAVING filters without one");
        split_conjuncts(std::move(where_), out_.plan.filters);
        push_down(out_.plan);
        let_order_go(out_.plan);
        out_.plan.is_distinct = in_.is_distinct;
        return std::move(out_);
    }

private:
    Result<ExpressionPtr> bound(const Expression& from, Allowed allowed) {
        auto made = clone(from);
        HF_TRY(bind_expression(*made, allowed, scope_, context_));
        return made;
    }

    Result<void> sources() {
        if (!in_.source) return ok();
        HF_TRY(add_source(*in_.source));
        for (const JoinClause& join : in_.joins) {
            HF_TRY(add_source(join.source));
            SourcePlan& plan = scope_.plans().back();
            plan.join = join.kind;
            if (plan.kind == SourcePlan::Kind::unnest && join.kind == JoinKind::anti)
                return error_at(Errc::malformed, join.at, "UNNEST is joined, not left out");
            ExpressionPtr on;
            if (join.on) {
                HF_TRY(on, bound(*join.on, Allowed{}));
            }
            if (join.within_us != 0) {
                HF_TRY(on, with_distance(std::move(on), join));
            }
            // scope_.plans() may have moved, but not since the source was added
            scope_.plans().back().on = std::move(on);
            if (join.kind == JoinKind::anti) scope_.hide_last();
        }
        return ok();
    }
    Result<void> add_source(const RelationRef& ref) {
        if (++context_.sources > kSourcesMax)
            return error_at(Errc::limit_exceeded, ref.at, "the query reads more than 64 relations");
        HF_TRY(auto relation, bind_relation(ref, ctes_, context_));
        if (ref.kind == RelationRef::Kind::unnest) {
            HF_TRY(relation.plan.unnest, bound(*ref.unnest, Allowed{}));
        }
        return scope_.add(std::move(relation.plan), ref, std::move(relation.columns));
    }
    // ON ... WITHIN dur: the two times are at most that far apart.
    Result<ExpressionPtr> with_distance(ExpressionPtr on, const JoinClause& join) {
        const auto node = [&join](ExpressionKind kind) {
            auto made = std::make_unique<Expression>();
            made->kind = kind;
            made->at = join.at;
            return made;
        };
        auto between = node(ExpressionKind::arithmetic);
        between->arithmetic = column::Arithmetic::subtract;
        for (const std::size_t source : {std::size_t{0}, scope_.plans().size() - 1}) {
            auto side = node(ExpressionKind::slot);
            HF_TRY(side->slot, scope_.time_slot(source, join.at));
            between->args.push_back(std::move(side));
        }
        auto magnitude = node(ExpressionKind::call);
        magnitude->text = "abs";
        magnitude->function = find_function("abs");
        magnitude->args.push_back(std::move(between));
        auto limit = node(ExpressionKind::literal);
        limit->literal = column::Value::of_int(join.within_us);
        auto test = node(ExpressionKind::comparison);
        test->comparison = column::Comparison::less_equal;
        test->args.push_back(std::move(magnitude));
        test->args.push_back(std::move(limit));
        std::vector<ExpressionPtr> both;
        if (on) both.push_back(std::move(on));
        both.push_back(std::move(test));
        return join_conjuncts(std::move(both));
    }

    Result<void> window() {
        if (!in_.window) return ok();
        const WindowClause& window = *in_.window;
        if (window.kind == WindowClause::Kind::count || window.kind == WindowClause::Kind::state)
            return error_at(Errc::not_supported, window.at,
                            fmt::format("{} in a query is not served yet",
                                        window.kind == WindowClause::Kind::count ? "COUNTWINDOW"
                                                                                 : "STATEWINDOW"));
        if (!window.zone.empty() && !is_time_zone(window.zone))
            return error_at(Errc::malformed, window.at,
                            fmt::format("there is no time zone '{}'", window.zone));
        WindowPlan plan{window.kind, 0, window.size_us, window.step_us, window.zone};
        HF_TRY(plan.ts_slot, scope_.time_slot(0, window.at));
        out_.plan.window = std::move(plan);
        scope_.add_window();
        return ok();
    }

    Result<void> items() {
        for (const SelectItem& item : in_.items) {
            if (item.expression) {
                HF_TRY(auto made, bound(*item.expression, {true, true}));
                add_item(std::move(made), item.name, item.expression.get());
                continue;
            }
            HF_TRY(const auto columns, scope_.star(item.star_of, item.at));
            for (const auto& column : columns) {
                HF_TRY(auto made, bound(*column.expression, Allowed{}));
                add_item(std::move(made), column.name, nullptr);
            }
            if (out_.plan.items.size() > kItemsMax)
                return error_at(Errc::limit_exceeded, item.at, "more than 200 items");
        }
        return ok();
    }
    // Two items of one name are told apart as DuckDB does: `x`, `x_1`.
    void add_item(ExpressionPtr item, const std::string& name, const Expression* written) {
        std::string unique = name;
        for (int n = 1; !names_.insert(unique).second; ++n) unique = fmt::format("{}_{}", name, n);
        out_.names.push_back(std::move(unique));
        out_.plan.items.push_back(std::move(item));
        written_.push_back(written);
    }
    // The item that a lone name stands for; an item that merely is the column does not count.
    const Expression* item_called(const Expression& name) const {
        if (name.kind != ExpressionKind::name || name.path.steps.size() != 1) return nullptr;
        const auto& wanted = std::get<std::string>(name.path.steps.front());
        for (std::size_t i = 0; i < written_.size(); ++i)
            if (written_[i] != nullptr && out_.names[i] == wanted)
                return written_[i]->kind == ExpressionKind::name && written_[i]->path == name.path
                           ? nullptr
                           : written_[i];
        return nullptr;
    }
    Result<void> put_items(Expression& e) {
        if (const Expression* item = item_called(e)) return context_.substitution.put(e, *item);
        for (const auto& arg : e.args) {
            HF_TRY(put_items(*arg));
        }
        if (e.filter) {
            HF_TRY(put_items(*e.filter));
        }
        if (!e.over) return ok();
        for (const auto& key : e.over->partition) {
            HF_TRY(put_items(*key));
        }
        for (const auto& term : e.over->order) {
            HF_TRY(put_items(*term.expression));
        }
        return ok();
    }
    // HAVING, QUALIFY and ORDER BY see items by their names.
    Result<ExpressionPtr> bound_with_items(const Expression& from, Allowed allowed) {
        auto made = clone(from);
        HF_TRY(put_items(*made));
        if (depth_of(*made) > 2 * kExpressionDepthMax)
            return error_at(Errc::limit_exceeded, from.at, "the expression is nested too deeply");
        HF_TRY(bind_expression(*made, allowed, scope_, context_));
        return made;
    }
    static std::size_t depth_of(const Expression& e) {
        std::size_t deepest = 0;
        for (const auto& arg : e.args) deepest = std::max(deepest, depth_of(*arg));
        return deepest + 1;
    }

    Result<void> keys() {
        for (std::size_t i = 0; i <= in_.group_by.size(); ++i) {
            if (in_.window && i == in_.window_at) {
                for (const std::size_t slot : {Scope::kWindowStart, Scope::kWindowEnd}) {
                    auto made = std::make_unique<Expression>();
                    made->kind = ExpressionKind::slot;
                    made->slot = slot;
                    out_.plan.keys.push_back(std::move(made));
                }
            }
            if (i == in_.group_by.size()) break;
            HF_TRY(auto key, key_of(*in_.group_by[i]));
            out_.plan.keys.push_back(std::move(key));
        }
        return ok();
    }
    Result<ExpressionPtr> key_of(const Expression& written) {
        if (written.kind == ExpressionKind::literal) {
            HF_TRY(const auto item, ordinal(written));
            if (written_[item] == nullptr) return clone(*out_.plan.items[item]);
            return bound(*written_[item], Allowed{});
        }
        // a name that is certainly a column is that column, else an item, else a path
        if (written.kind == ExpressionKind::name && scope_.knows(written))
            return bound(written, Allowed{});
        const Expression* item = item_called(written);
        if (item == nullptr) return bound(written, Allowed{});
        HF_TRY(context_.substitution.count(*item, written.at));
        return bound(*item, Allowed{});
    }
    Result<std::size_t> ordinal(const Expression& literal) const {
        const auto count = static_cast<std::int64_t>(out_.plan.items.size());
        if (literal.literal.type() != column::Type::int64 || literal.literal.as_int() < 1 ||
            literal.literal.as_int() > count)
            return error_at(Errc::malformed, literal.at,
                            fmt::format("a number here is that of an item, from 1 to {}", count));
        return static_cast<std::size_t>(literal.literal.as_int() - 1);
    }

    Result<void> order() {
        for (const OrderTerm& term : order_) {
            SortKey key{0, term.is_descending, term.nulls_first};
            if (const auto item = item_number(*term.expression)) {
                key.column = *item;
            } else if (term.expression->kind == ExpressionKind::literal) {
                HF_TRY(key.column, ordinal(*term.expression));
            } else {
                HF_TRY(auto made, bound_with_items(*term.expression, {true, true}));
                key.column = out_.plan.items.size() + out_.plan.hidden.size();
                if (in_.is_distinct)
                    return error_at(Errc::malformed, term.expression->at,
                                    "with DISTINCT, ORDER BY takes items only");
                out_.plan.hidden.push_back(std::move(made));
            }
            out_.order.push_back(key);
        }
        return ok();
    }
    std::optional<std::size_t> item_number(const Expression& name) const {
        if (name.kind != ExpressionKind::name || name.path.steps.size() != 1) return std::nullopt;
        const auto found = std::find(out_.names.begin(), out_.names.end(),
                                     std::get<std::string>(name.path.steps.front()));
        if (found == out_.names.end()) return std::nullopt;
        return static_cast<std::size_t>(found - out_.names.begin());
    }

    // Gives slots their final numbers; the width of the input frame.
    std::size_t settle() {
        const std::vector<std::size_t> slots = scope_.settle();
        out_.plan.sources = std::move(scope_.plans());
        std::size_t width = 0;
        for (const SourcePlan& source : out_.plan.sources) width += source.width();
        const auto renumber = [&](Expression& root) {
            walk(root, [&](Expression& e) {
                if (e.kind != ExpressionKind::slot) return;
                if (e.slot == Scope::kWindowStart) {
                    e.slot = width;
                } else if (e.slot == Scope::kWindowEnd) {
                    e.slot = width + 1;
                } else {
                    e.slot = slots[e.slot];
                }
            });
        };
        if (where_) renumber(*where_);
        each_output(out_.plan, [&](ExpressionPtr& root) { renumber(*root); });
        for (auto& key : out_.plan.keys) renumber(*key);
        for (auto& source : out_.plan.sources) {
            if (source.on) renumber(*source.on);
            if (source.unnest) renumber(*source.unnest);
        }
        if (out_.plan.window) {
            out_.plan.window->ts_slot = slots[out_.plan.window->ts_slot];
            width += 2;
        }
        return width;
    }

    const SelectStatement& in_;
    const std::vector<OrderTerm>& order_;
    const CteScope& ctes_;
    BindContext& context_;
    Scope scope_;
    BoundSelect out_;
    ExpressionPtr where_;
    std::vector<const Expression*> written_; // of each item; null for those of *
    std::unordered_set<std::string> names_;
};

} // namespace

Result<BoundSelect> bind_select(const SelectStatement& statement,
                                const std::vector<OrderTerm>& order, const CteScope& ctes,
                                BindContext& context) {
    return SelectBinder(statement, order, ctes, context).run();
}

} // namespace holdfast::sql
