#pragma once

#include "sql/scope.hpp"
#include "sql/substitution.hpp"

#include <holdfast/sql/select_plan.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::sql {

// The CTEs that a query may name: its own, then those of the queries around it.
struct CteScope {
    const CteScope* outer = nullptr;
    const std::vector<CteClause>* ctes = nullptr;
    std::size_t visible = 0; // the first so many
};

// What is the same in all parts of one statement.
struct BindContext {
    const Catalog& catalog;
    const Bindings& bindings;
    std::size_t sources = 0; // so far; at most kSourcesMax
    Substitution substitution{};
};

struct BoundSelect {
    SelectPlan plan;
    std::vector<std::string> names;
    std::vector<SortKey> order;
};

[[nodiscard]] Result<QueryPlan> bind_query(const QueryStatement& statement, const CteScope* around,
                                           BindContext& context);
// `order` belongs to the SELECT where nothing is united; else it is empty.
[[nodiscard]] Result<BoundSelect> bind_select(const SelectStatement& statement,
                                              const std::vector<OrderTerm>& order,
                                              const CteScope& ctes, BindContext& context);
// A relation with what it is called: plan, columns where they are known.
struct BoundRelation {
    SourcePlan plan;
    std::vector<std::string> columns;
};
[[nodiscard]] Result<BoundRelation> bind_relation(const RelationRef& ref, const CteScope& ctes,
                                                  BindContext& context);

// What may stand in an expression beside columns and functions.
struct Allowed {
    bool aggregates = false;
    bool windows = false;
};
// Looks up names (in `scope`), functions and parameters; folds constants. Aggregates and window
// functions stay calls without a function.
[[nodiscard]] Result<void> bind_expression(Expression& expression, Allowed allowed, Scope& scope,
                                           const BindContext& context);
[[nodiscard]] bool is_aggregate(const Expression& call) noexcept;
[[nodiscard]] std::optional<WindowFunction> find_window_function(std::string_view name) noexcept;

// Lifts aggregates and window functions out of what the items compute, so that each expression sees
// the frame that SelectPlan says. `width`: of the input frame.
[[nodiscard]] Result<void> lift(SelectPlan& plan, std::size_t width);
// Calls `visit` for items, hidden items, HAVING and QUALIFY.
void each_output(SelectPlan& plan, const std::function<void(ExpressionPtr&)>& visit);

// Moves what concerns one source alone to it. All slots are final.
void push_down(SelectPlan& plan);
// Tells the sources of a grouped SELECT where the order of rows does not matter.
void let_order_go(SelectPlan& plan);
// Splits at AND.
void split_conjuncts(ExpressionPtr condition, std::vector<ExpressionPtr>& out);
[[nodiscard]] ExpressionPtr join_conjuncts(std::vector<ExpressionPtr> conjuncts);

} // namespace holdfast::sql
