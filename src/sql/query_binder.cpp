#include "sql/names.hpp"
#include "sql/select_binder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::sql {
namespace {

Result<std::uint64_t> row_count(const ExpressionPtr& written, const char* what,
                                const BindContext& context) {
    Scope nothing;
    auto made = clone(*written);
    HF_TRY(bind_expression(*made, Allowed{}, nothing, context));
    if (made->kind != ExpressionKind::literal || made->literal.type() != column::Type::int64 ||
        made->literal.as_int() < 0)
        return error_at(Errc::malformed, written->at,
                        fmt::format("{} takes a number of rows", what));
    return static_cast<std::uint64_t>(made->literal.as_int());
}

// ORDER BY behind UNION ALL sees columns only.
Result<SortKey> united_key(const OrderTerm& term, const std::vector<std::string>& names) {
    SortKey key{0, term.is_descending, term.nulls_first};
    const Expression& e = *term.expression;
    if (e.kind == ExpressionKind::literal && e.literal.type() == column::Type::int64 &&
        e.literal.as_int() >= 1 && e.literal.as_int() <= static_cast<std::int64_t>(names.size())) {
        key.column = static_cast<std::size_t>(e.literal.as_int() - 1);
        return key;
    }
    if (e.kind == ExpressionKind::name && e.path.steps.size() == 1) {
        const auto found =
            std::find(names.begin(), names.end(), std::get<std::string>(e.path.steps.front()));
        if (found != names.end()) {
            key.column = static_cast<std::size_t>(found - names.begin());
            return key;
        }
    }
    return error_at(Errc::malformed, e.at, "behind UNION ALL, ORDER BY takes columns only");
}

struct FoundCte {
    const CteClause* cte = nullptr;
    CteScope scope; // what it may see itself
};
std::optional<FoundCte> find_cte(const CteScope& scope, std::string_view name) {
    for (const CteScope* at = &scope; at != nullptr; at = at->outer) {
        if (at->ctes == nullptr) continue;
        for (std::size_t i = 0; i < at->visible; ++i)
            if ((*at->ctes)[i].name == name)
                return FoundCte{&(*at->ctes)[i], CteScope{at->outer, at->ctes, i}};
    }
    return std::nullopt;
}

Result<BoundRelation> bind_sub_query(const QueryStatement& query, const CteScope& ctes,
                                     BindContext& context) {
    HF_TRY(auto plan, bind_query(query, &ctes, context));
    BoundRelation out;
    out.plan.kind = SourcePlan::Kind::query;
    out.columns = plan.names;
    out.plan.query = std::make_unique<QueryPlan>(std::move(plan));
    return out;
}

Result<BoundRelation> bind_name(const RelationRef& ref, const CteScope& ctes,
                                BindContext& context) {
    if (const auto found = find_cte(ctes, ref.name)) {
        HF_TRY(auto out, bind_sub_query(*found->cte->query, found->scope, context));
        out.plan.name = ref.name;
        return out;
    }
    BoundRelation out;
    out.plan.name = ref.name;
    // a table hides a stream of its name, which is read as name@log
    const TableSchema* table = ref.origin.empty() ? context.catalog.find_table(ref.name) : nullptr;
    if (table != nullptr) {
        out.plan.kind = SourcePlan::Kind::table;
        for (const auto& column : table->columns) out.columns.push_back(column.name);
        return out;
    }
    if (context.catalog.has_stream(ref.name)) {
        out.plan.kind = SourcePlan::Kind::stream;
        if (ref.origin != "history") return out;
        auto fields = context.catalog.history_fields(ref.name);
        if (!fields)
            return error_at(Errc::not_supported, ref.at,
                            "no history is kept here: history.enabled is false");
        out.columns = *std::move(fields);
        return out;
    }
    std::vector<std::string> names = context.catalog.names();
    for (const CteScope* at = &ctes; at != nullptr; at = at->outer)
        for (std::size_t i = 0; at->ctes != nullptr && i < at->visible; ++i)
            names.push_back((*at->ctes)[i].name);
    return error_at(
        Errc::not_found, ref.at,
        fmt::format("there is no stream or table '{}'{}", ref.name, did_you_mean(ref.name, names)));
}

// TABLE(... KEY device) is by the record's column, KEY id by a path.
column::Field key_field(const RelationRef& ref) {
    const auto kind = ref.key_is_quoted || ref.key.steps.size() != 1
                          ? std::nullopt
                          : record_column(std::get<std::string>(ref.key.steps.front()));
    if (kind) return column::Field{*kind};
    return column::Field{column::FieldKind::path, ref.key};
}

} // namespace

Result<BoundRelation> bind_relation(const RelationRef& ref, const CteScope& ctes,
                                    BindContext& context) {
    if (ref.watermark_us != 0 || !ref.late_topic.empty())
        return error_at(Errc::malformed, ref.at,
                        "WATERMARK and LATE belong to a rule: a query sees all records");
    BoundRelation out;
    switch (ref.kind) {
        case RelationRef::Kind::query: {
            HF_TRY(out, bind_sub_query(*ref.query, ctes, context));
            break;
        }
        case RelationRef::Kind::name: {
            HF_TRY(out, bind_name(ref, ctes, context));
            break;
        }
        case RelationRef::Kind::filter:
            out.plan.kind = SourcePlan::Kind::filter;
            out.plan.name = ref.name;
            break;
        case RelationRef::Kind::latest:
            out.plan.kind = SourcePlan::Kind::latest;
            out.plan.name = ref.name;
            out.plan.fields = {key_field(ref), column::Field{column::FieldKind::arrival_ts}};
            break;
        case RelationRef::Kind::unnest:
            out.plan.kind = SourcePlan::Kind::unnest;
            out.plan.name = ref.alias.empty() ? ref.name : ref.alias;
            out.columns = {"value"};
            if (ref.with_position) out.columns.emplace_back("position");
            break;
    }
    out.plan.origin = ref.origin;
    out.plan.at = ref.at;
    return out;
}

Result<QueryPlan> bind_query(const QueryStatement& statement, const CteScope* around,
                             BindContext& context) {
    const CteScope ctes{around, &statement.ctes, statement.ctes.size()};
    const bool is_united = statement.selects.size() > 1;
    QueryPlan plan;
    const std::vector<OrderTerm> no_order;
    for (const SelectStatement& select : statement.selects) {
        HF_TRY(auto bound,
               bind_select(select, is_united ? no_order : statement.order, ctes, context));
        if (plan.selects.empty()) {
            plan.names = std::move(bound.names);
        } else if (bound.names.size() != plan.names.size()) {
            return error_at(Errc::malformed, select.at,
                            fmt::format("UNION ALL of {} and {} columns", plan.names.size(),
                                        bound.names.size()));
        }
        plan.order = std::move(bound.order);
        plan.selects.push_back(std::move(bound.plan));
    }
    if (is_united) {
        plan.order.clear();
        for (const OrderTerm& term : statement.order) {
            HF_TRY(const auto key, united_key(term, plan.names));
            plan.order.push_back(key);
        }
    }
    if (statement.limit) {
        HF_TRY(plan.limit, row_count(statement.limit, "LIMIT", context));
    }
    if (statement.offset) {
        HF_TRY(plan.offset, row_count(statement.offset, "OFFSET", context));
    }
    return plan;
}

Result<QueryPlan> bind_query(const QueryStatement& statement, const Catalog& catalog,
                             const Bindings& bindings) {
    BindContext context{catalog, bindings};
    return bind_query(statement, nullptr, context);
}

} // namespace holdfast::sql
