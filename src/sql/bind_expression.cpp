#include "sql/names.hpp"
#include "sql/select_binder.hpp"

#include <holdfast/column/timestamp.hpp>
#include <holdfast/sql/function.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;

// Functions of the dialect that belong to parts that are not served yet.
bool is_later(std::string_view name) {
    constexpr std::array kLater{"predict", "anomaly", "prev"};
    return std::find(kLater.begin(), kLater.end(), name) != kLater.end();
}

struct NamedWindow {
    std::string_view name;
    WindowFunction function;
    std::size_t arguments_min;
    std::size_t arguments_max;
};
constexpr std::array kWindowFunctions{
    NamedWindow{"row_number", WindowFunction::row_number, 0, 0},
    NamedWindow{"rank", WindowFunction::rank, 0, 0},
    NamedWindow{"dense_rank", WindowFunction::dense_rank, 0, 0},
    NamedWindow{"lag", WindowFunction::lag, 1, 3},
    NamedWindow{"lead", WindowFunction::lead, 1, 3},
    NamedWindow{"first_value", WindowFunction::first_value, 1, 1},
    NamedWindow{"last_value", WindowFunction::last_value, 1, 1},
    NamedWindow{"latest", WindowFunction::latest, 1, 1},
    NamedWindow{"changed", WindowFunction::changed, 1, 1},
    NamedWindow{"had_changed", WindowFunction::had_changed, 1, 1},
    NamedWindow{"counter_rate", WindowFunction::counter_rate, 1, 1},
};

const NamedWindow* named_window(std::string_view name) noexcept {
    const auto* found = std::find_if(kWindowFunctions.begin(), kWindowFunctions.end(),
                                     [name](const NamedWindow& each) { return each.name == name; });
    return found == kWindowFunctions.end() ? nullptr : found;
}

std::string no_function(std::string_view name) {
    std::vector<std::string> names = function_names();
    for (auto& each : aggregate_names()) names.push_back(std::move(each));
    for (const NamedWindow& each : kWindowFunctions) names.emplace_back(each.name);
    return fmt::format("there is no function {}(){}", name, did_you_mean(name, names));
}

void to_literal(Expression& e, const Value& value) {
    e.kind = ExpressionKind::literal;
    e.text = value.type() == Type::text ? std::string(value.as_text()) : std::string();
    e.literal = value.type() == Type::text ? Value::of_text(e.text) : value;
    e.args.clear();
    e.function = nullptr;
    e.depth = 1;
}

class ExpressionBinder {
public:
    ExpressionBinder(Scope& scope, const BindContext& context) : scope_(scope), context_(context) {}

    Result<void> bind(Expression& e, Allowed allowed) {
        switch (e.kind) {
            case ExpressionKind::name: return scope_.resolve(e);
            case ExpressionKind::parameter: return parameter(e);
            case ExpressionKind::call: return call(e, allowed);
            default: break;
        }
        HF_TRY(arguments(e, allowed));
        if (e.kind == ExpressionKind::comparison) {
            HF_TRY(time_literal(*e.args[0], *e.args[1]));
            HF_TRY(time_literal(*e.args[1], *e.args[0]));
        }
        if (e.kind == ExpressionKind::between) {
            HF_TRY(time_literal(*e.args[0], *e.args[1]));
            HF_TRY(time_literal(*e.args[0], *e.args[2]));
        }
        fold(e);
        return ok();
    }

private:
    Result<void> arguments(Expression& e, Allowed allowed) {
        for (const auto& arg : e.args) {
            HF_TRY(bind(*arg, allowed));
        }
        return ok();
    }

    Result<void> parameter(Expression& e) {
        const auto& bindings = context_.bindings;
        std::size_t number = 0;
        const char* end = e.text.data() + e.text.size();
        if (std::from_chars(e.text.data(), end, number).ec == std::errc()) {
            if (number >= 1 && number <= bindings.numbered.size()) {
                to_literal(e, bindings.numbered[number - 1]);
                return ok();
            }
            return error_at(Errc::malformed, e.at,
                            fmt::format("there is no value for parameter ${}", number));
        }
        for (const auto& [name, value] : bindings.named) {
            if (name != e.text) continue;
            to_literal(e, value);
            return ok();
        }
        return error_at(Errc::malformed, e.at,
                        fmt::format("there is no value for parameter :{}", e.text));
    }

    // `ts > '2024-05-01'`: text beside event or arrival time is meant as a time.
    Result<void> time_literal(const Expression& column, Expression& literal) {
        if (column.kind != ExpressionKind::slot || literal.literal.type() != Type::text ||
            literal.kind != ExpressionKind::literal || !scope_.is_time(column.slot))
            return ok();
        const auto us = column::parse_timestamp(literal.literal.as_text());
        if (!us)
            return error_at(Errc::malformed, literal.at,
                            fmt::format("'{}' is no time", literal.text.substr(0, 60)));
        to_literal(literal, Value::of_timestamp_us(*us));
        return ok();
    }

    Result<void> call(Expression& e, Allowed allowed) {
        if (e.text == "now" && e.args.empty() && !e.is_star) {
            to_literal(e, Value::of_timestamp_us(context_.bindings.now_us));
            return ok();
        }
        if (e.text == "topic_level") return topic_level(e);
        if (e.function != nullptr) return scalar(e, allowed); // predict(), of a model
        if (is_later(e.text))
            return error_at(Errc::not_supported, e.at,
                            fmt::format("function {}() is not served yet", e.text));
        if (e.over) return window(e, allowed);
        if (const auto kind = find_aggregate(e.text)) return aggregate(e, *kind, allowed);
        if (named_window(e.text) != nullptr)
            return error_at(Errc::malformed, e.at, fmt::format("{}() needs OVER (...)", e.text));
        return scalar(e, allowed);
    }

    Result<void> scalar(Expression& e, Allowed allowed) {
        if (e.function == nullptr) e.function = find_function(e.text);
        if (e.function == nullptr) return error_at(Errc::malformed, e.at, no_function(e.text));
        if (e.filter || e.is_distinct)
            return error_at(Errc::malformed, e.at,
                            fmt::format("{}() is no aggregate: it has no {}", e.text,
                                        e.filter ? "FILTER" : "DISTINCT"));
        const std::size_t count = e.args.size();
        if (e.is_star || count < e.function->arguments_min || count > e.function->arguments_max)
            return error_at(Errc::malformed, e.at,
                            fmt::format("{}() takes {} to {} arguments", e.text,
                                        e.function->arguments_min, e.function->arguments_max));
        HF_TRY(arguments(e, allowed));
        fold(e);
        return ok();
    }

    Result<void> aggregate_arguments(Expression& e, AggregateKind kind, Allowed inner) {
        const bool counts_rows = kind == AggregateKind::count && (e.is_star || e.args.empty());
        const std::size_t wanted = counts_rows ? 0 : argument_count(kind);
        if ((e.is_star && !counts_rows) || e.args.size() != wanted ||
            (counts_rows && e.is_distinct))
            return error_at(
                Errc::malformed, e.at,
                fmt::format("{}() takes {} argument{}", e.text, wanted, wanted == 1 ? "" : "s"));
        HF_TRY(arguments(e, inner));
        if (kind == AggregateKind::quantile || kind == AggregateKind::quantile_cont) {
            const Value& q = e.args[1]->literal;
            if (e.args[1]->kind != ExpressionKind::literal || !q.is_number() || q.as_float() < 0 ||
                q.as_float() > 1)
                return error_at(Errc::malformed, e.args[1]->at,
                                "a quantile takes a constant q from 0 to 1");
        }
        if (kind == AggregateKind::string_agg &&
            (e.args[1]->kind != ExpressionKind::literal || e.args[1]->literal.type() != Type::text))
            return error_at(Errc::malformed, e.args[1]->at,
                            "string_agg(x, separator) takes a constant text");
        if (e.filter) {
            HF_TRY(bind(*e.filter, inner));
        }
        return ok();
    }
    Result<void> aggregate(Expression& e, AggregateKind kind, Allowed allowed) {
        if (!allowed.aggregates)
            return error_at(Errc::malformed, e.at,
                            fmt::format("the aggregate {}() may not stand here", e.text));
        return aggregate_arguments(e, kind, Allowed{});
    }

    // Arguments, PARTITION BY and ORDER BY may hold aggregates of a grouped query.
    Result<void> window(Expression& e, Allowed allowed) {
        if (!allowed.windows)
            return error_at(Errc::malformed, e.at,
                            fmt::format("the window function {}() may not stand here", e.text));
        const Allowed inner{allowed.aggregates, false};
        for (const auto& key : e.over->partition) {
            HF_TRY(bind(*key, inner));
        }
        for (const auto& term : e.over->order) {
            HF_TRY(bind(*term.expression, inner));
        }
        const NamedWindow* function = named_window(e.text);
        const auto kind = find_aggregate(e.text);
        if (function == nullptr && !kind)
            return error_at(Errc::malformed, e.at,
                            find_function(e.text) != nullptr
                                ? fmt::format("{}() is no window function", e.text)
                                : no_function(e.text));
        if (e.is_distinct)
            return error_at(Errc::not_supported, e.at,
                            fmt::format("{}(DISTINCT ...) OVER is not served yet", e.text));
        if (function != nullptr) {
            const std::size_t count = e.args.size();
            if (e.is_star || e.filter || count < function->arguments_min ||
                count > function->arguments_max)
                return error_at(Errc::malformed, e.at,
                                fmt::format("{}() takes {} to {} arguments and no FILTER", e.text,
                                            function->arguments_min, function->arguments_max));
            HF_TRY(arguments(e, inner));
            return needed_order(e, function->function);
        }
        return aggregate_arguments(e, *kind, inner);
    }
    // "Before" has no meaning without an order, and a rate is over time.
    static Result<void> needed_order(const Expression& e, WindowFunction function) {
        if (function == WindowFunction::lag || function == WindowFunction::lead)
            return lag_distance(e);
        if (function < WindowFunction::latest || function > WindowFunction::counter_rate)
            return ok();
        const auto& order = e.over->order;
        if (!order.empty() && (function != WindowFunction::counter_rate ||
                               (order.size() == 1 && !order[0].is_descending)))
            return ok();
        return error_at(Errc::malformed, e.at,
                        function == WindowFunction::counter_rate
                            ? "counter_rate() needs OVER (... ORDER BY ts), the oldest first"
                            : fmt::format("{}() needs OVER (... ORDER BY ...)", e.text));
    }
    static Result<void> lag_distance(const Expression& e) {
        if (e.args.size() < 2) return ok();
        const Expression& distance = *e.args[1];
        if (distance.kind != ExpressionKind::literal || distance.literal.type() != Type::int64)
            return error_at(Errc::malformed, distance.at,
                            fmt::format("{}(x, n) takes a constant number of rows", e.text));
        return ok();
    }

    Result<void> topic_level(Expression& e) {
        column::Field field{column::FieldKind::topic_level};
        if (e.args.size() == 1 && !e.is_star) {
            HF_TRY(bind(*e.args.front(), Allowed{}));
        }
        if (e.is_star || e.args.size() != 1 || e.args[0]->kind != ExpressionKind::literal ||
            e.args[0]->literal.type() != Type::int64)
            return error_at(Errc::malformed, e.at, "topic_level(n) takes one whole number");
        field.level = e.args[0]->literal.as_int();
        HF_TRY(e.slot, scope_.record_slot(field, e.at));
        e.kind = ExpressionKind::slot;
        e.args.clear();
        return ok();
    }

    // Constants once, not per row; what counts a mismatch stays, so that it is counted.
    static void fold(Expression& e) {
        if (e.args.empty() ||
            !std::all_of(e.args.begin(), e.args.end(), [](const ExpressionPtr& arg) {
                return arg->kind == ExpressionKind::literal;
            }))
            return;
        Evaluation evaluation;
        const column::Frame one_row{{}, 1};
        const column::Column result = evaluate(e, one_row, evaluation);
        if (evaluation.mismatches == 0) to_literal(e, result.at(0));
    }

    Scope& scope_;
    const BindContext& context_;
};

} // namespace

Result<void> bind_expression(Expression& expression, Allowed allowed, Scope& scope,
                             const BindContext& context) {
    return ExpressionBinder(scope, context).bind(expression, allowed);
}

bool is_aggregate(const Expression& call) noexcept {
    return call.kind == ExpressionKind::call && call.function == nullptr && !call.over &&
           find_aggregate(call.text).has_value();
}

std::optional<WindowFunction> find_window_function(std::string_view name) noexcept {
    const NamedWindow* found = named_window(name);
    if (found == nullptr) return std::nullopt;
    return found->function;
}

} // namespace holdfast::sql
