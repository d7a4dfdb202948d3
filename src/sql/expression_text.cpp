#include <holdfast/sql/expression_text.hpp>

#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

namespace holdfast::sql {
namespace {

std::string list(const std::vector<ExpressionPtr>& all) {
    std::string out;
    for (const auto& each : all) {
        if (!out.empty()) out += ", ";
        out += to_text(*each);
    }
    return out;
}

const char* symbol(column::Arithmetic op) noexcept {
    switch (op) {
        case column::Arithmetic::add: return "+";
        case column::Arithmetic::subtract: return "-";
        case column::Arithmetic::multiply: return "*";
        case column::Arithmetic::divide: return "/";
        case column::Arithmetic::div: return "DIV";
        case column::Arithmetic::modulo: return "%";
    }
    return "?";
}

const char* symbol(column::Comparison op) noexcept {
    switch (op) {
        case column::Comparison::equal: return "=";
        case column::Comparison::not_equal: return "<>";
        case column::Comparison::less: return "<";
        case column::Comparison::less_equal: return "<=";
        case column::Comparison::greater: return ">";
        case column::Comparison::greater_equal: return ">=";
    }
    return "?";
}

std::string infix(const Expression& e, const char* op) {
    return fmt::format("({} {} {})", to_text(*e.args[0]), op, to_text(*e.args[1]));
}

std::string case_when(const Expression& e) {
    std::string out = "CASE";
    std::size_t arg = 0;
    if (e.has_operand) out += " " + to_text(*e.args[arg++]);
    const std::size_t end = e.args.size() - (e.has_else ? 1 : 0);
    for (; arg + 1 < end; arg += 2)
        out += fmt::format(" WHEN {} THEN {}", to_text(*e.args[arg]), to_text(*e.args[arg + 1]));
    if (e.has_else) out += " ELSE " + to_text(*e.args.back());
    return out + " END";
}

std::string named(const Expression& e) {
    const char* no = e.is_negated ? "NOT " : "";
    switch (e.kind) {
        case ExpressionKind::is_null: return fmt::format("({} IS {}NULL)", to_text(*e.args[0]), no);
        case ExpressionKind::between:
            return fmt::format("({} {}BETWEEN {} AND {})", to_text(*e.args[0]), no,
                               to_text(*e.args[1]), to_text(*e.args[2]));
        case ExpressionKind::like:
            return fmt::format("({} {}{} {})", to_text(*e.args[0]), no,
                               e.ignores_case ? "ILIKE" : "LIKE", to_text(*e.args[1]));
        case ExpressionKind::in_list: {
            std::string out;
            for (std::size_t i = 1; i < e.args.size(); ++i)
                out += (i == 1 ? "" : ", ") + to_text(*e.args[i]);
            return fmt::format("({} {}IN ({}))", to_text(*e.args[0]), no, out);
        }
        default: return "?";
    }
}

} // namespace

std::string literal_text(const column::Value& value) {
    std::string out;
    if (value.type() == column::Type::text) {
        out = "'";
        for (const char c : value.as_text()) out.append(c == '\'' ? 2 : 1, c);
        return out + "'";
    }
    if (value.type() == column::Type::timestamp)
        return fmt::format("TIMESTAMP '{}'", column::to_text(value));
    column::append_json(out, value);
    return value.is_null() ? "NULL" : out;
}

std::string to_text(const Expression& e) {
    switch (e.kind) {
        case ExpressionKind::literal: return literal_text(e.literal);
        case ExpressionKind::name: return e.path.to_string();
        case ExpressionKind::parameter: return ":" + e.text;
        case ExpressionKind::slot:
            return e.path.steps.empty() ? fmt::format("#{}", e.slot) : e.path.to_string();
        case ExpressionKind::negate: return fmt::format("(-{})", to_text(*e.args[0]));
        case ExpressionKind::logical_not: return fmt::format("(NOT {})", to_text(*e.args[0]));
        case ExpressionKind::logical_and: return infix(e, "AND");
        case ExpressionKind::logical_or: return infix(e, "OR");
        case ExpressionKind::arithmetic: return infix(e, symbol(e.arithmetic));
        case ExpressionKind::comparison: return infix(e, symbol(e.comparison));
        case ExpressionKind::distinct_from:
            return infix(e, e.is_negated ? "IS NOT DISTINCT FROM" : "IS DISTINCT FROM");
        case ExpressionKind::concat: return infix(e, "||");
        case ExpressionKind::case_when: return case_when(e);
        case ExpressionKind::call: return fmt::format("{}({})", e.text, list(e.args));
        case ExpressionKind::cast:
            return fmt::format("CAST({} AS {})", to_text(*e.args[0]), column::to_string(e.cast_to));
        case ExpressionKind::extract:
            return fmt::format("{}.{}", to_text(*e.args[0]), e.path.to_string());
        default: return named(e);
    }
}

std::string to_text(const AggregateCall& call) {
    const std::string name(aggregate_name(call.kind));
    std::string out = fmt::format("{}({}{})", name, call.is_distinct ? "DISTINCT " : "",
                                  call.kind == AggregateKind::count_rows ? "*" : list(call.args));
    if (call.filter) out += fmt::format(" FILTER (WHERE {})", to_text(*call.filter));
    return out;
}

std::string to_text(const WindowCall& call) {
    constexpr const char* kNames[] = {"row_number", "rank",        "dense_rank",  "lag",
                                      "lead",       "first_value", "last_value",  "latest",
                                      "changed",    "had_changed", "counter_rate"};
    std::string out = call.function == WindowFunction::aggregate
                          ? to_text(call.call)
                          : fmt::format("{}({})", kNames[static_cast<std::size_t>(call.function)],
                                        list(call.call.args));
    out += " OVER (";
    if (!call.over.partition.empty()) out += "PARTITION BY " + list(call.over.partition);
    for (const OrderTerm& term : call.over.order) {
        out += &term == &call.over.order.front() ? " ORDER BY " : ", ";
        out += to_text(*term.expression) + (term.is_descending ? " DESC" : "");
    }
    return out + ")";
}

} // namespace holdfast::sql
