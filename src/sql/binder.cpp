#include "sql/expression_parser.hpp"
#include "sql/names.hpp"
#include "sql/substitution.hpp"

#include <holdfast/sql/function.hpp>
#include <holdfast/sql/rule_plan.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_set>

namespace holdfast::sql {
namespace {

using column::Field;
using column::FieldKind;

// Functions of the dialect that belong to parts that are not served yet.
bool is_later(std::string_view name) {
    constexpr std::array kLater{
        "predict",       "anomaly",  "lag",         "lead",         "latest",
        "prev",          "changed",  "had_changed", "counter_rate", "haversine_m",
        "median",        "quantile", "min_by",      "max_by",       "approx_count_distinct",
        "list",          "cast",     "string_agg",  "extract",      "date_trunc",
        "inside_polygon"};
    return std::find(kLater.begin(), kLater.end(), name) != kLater.end();
}

// Turns names into slots, frame by frame.
class Binder {
public:
    explicit Binder(RuleStatement statement) : in_(std::move(statement)) {}

    Result<RulePlan> run() {
        plan_.name = in_.name;
        plan_.or_replace = in_.or_replace;
        plan_.text = std::move(in_.text);
        plan_.watermark_us = in_.source.watermark_us;
        plan_.late_topic = in_.source.late_topic;
        SourcePlan& source = plan_.select.sources.emplace_back();
        source.kind = in_.source.is_filter ? SourcePlan::Kind::filter : SourcePlan::Kind::stream;
        source.name = in_.source.name;
        source.at = in_.source.at;
        Field ts{FieldKind::ts};
        if (in_.source.event_time) ts.path = without_alias(*in_.source.event_time, false);
        plan_.ts_field = field_slot(ts);
        plan_.device_field = field_slot(Field{FieldKind::device});

        HF_TRY(bind_source());
        HF_TRY(bind_items());
        HF_TRY(bind_having());
        HF_TRY(bind_alarm());
        HF_TRY(bind_actions());
        bind_frames();
        plan_.reads_payload =
            std::any_of(plan_.fields().begin(), plan_.fields().end(),
                        [](const Field& field) { return field.is_from_payload(); });
        return std::move(plan_);
    }

private:
    // Those of SelectPlan; `middle`: grouped where the rule has a window, else the input. In HAVING
    // a name may also be an item.
    enum class Frame : std::uint8_t { input, middle, having, output };
    static constexpr std::size_t kDeviceKey = 0;
    static constexpr std::size_t kStartKey = 1;
    static constexpr std::size_t kEndKey = 2;
    static constexpr std::size_t kKeys = 3;

    Result<void> bind_source() {
        if (!in_.source.late_topic.empty() && !in_.is_windowed)
            return error_at(Errc::malformed, in_.source.at,
                            "LATE TO needs a window: without one no record is late");
        if (!in_.where) return ok();
        HF_TRY(bind(*in_.where, Frame::input));
        plan_.select.filters.push_back(std::move(in_.where));
        return ok();
    }

    Result<void> bind_items() {
        std::unordered_set<std::string> names;
        for (auto& item : in_.items) {
            if (!names.insert(item.name).second)
                return error_at(
                    Errc::malformed, item.at,
                    fmt::format("two items are called '{}': name one with AS", item.name));
            HF_TRY(bind(*item.expression, Frame::middle));
            plan_.item_names.push_back(item.name);
            plan_.select.items.push_back(std::move(item.expression));
        }
        return ok();
    }

    Result<void> bind_having() {
        if (!in_.having) return ok();
        if (!in_.is_windowed)
            return error_at(Errc::malformed, in_.having->at, "HAVING needs GROUP BY");
        HF_TRY(bind(*in_.having, Frame::having));
        plan_.select.having = std::move(in_.having);
        return ok();
    }

    // What follows from the fields that were asked for: the last thing to do.
    void bind_frames() {
        SelectPlan& select = plan_.select;
        std::size_t width = select.sources.front().fields.size();
        if (in_.is_windowed) {
            select.window = WindowPlan{WindowClause::Kind::tumble, plan_.ts_field, in_.tumble_us};
            select.is_grouped = true;
            for (const std::size_t slot : {plan_.device_field, width, width + 1})
                select.keys.push_back(slot_expression(slot));
            width = kKeys + select.aggregates.size();
        }
        for (std::size_t slot = 0; slot < width; ++slot)
            select.hidden.push_back(slot_expression(slot));
    }
    static ExpressionPtr slot_expression(std::size_t slot) {
        auto made = std::make_unique<Expression>();
        made->kind = ExpressionKind::slot;
        made->slot = slot;
        return made;
    }

    Result<void> bind_alarm() {
        if (!in_.alarm) return ok();
        auto& alarm = *in_.alarm;
        for (Expression* e :
             {alarm.per.get(), alarm.severity.get(), alarm.raise.get(), alarm.clear.get()}) {
            if (e == nullptr) continue;
            HF_TRY(bind(*e, Frame::output));
        }
        plan_.alarm = RulePlan::Alarm{alarm.name,
                                      std::move(alarm.per),
                                      std::move(alarm.severity),
                                      std::move(alarm.raise),
                                      std::move(alarm.clear),
                                      alarm.raise_for_us,
                                      alarm.clear_for_us};
        return ok();
    }

    Result<void> bind_actions() {
        for (const auto& from : in_.actions) {
            RulePlan::Action action;
            action.is_publish = from.is_publish;
            action.qos = from.qos;
            if (!from.is_publish) {
                action.stream = from.target;
                if (!plan_.from_filter() && action.stream == plan_.source().name)
                    return error_at(
                        Errc::malformed, from.at,
                        fmt::format("the rule would read its own output in '{}'", action.stream));
            } else {
                HF_TRY(action.topic, topic_template(from.target, from.at));
            }
            plan_.actions.push_back(std::move(action));
        }
        return ok();
    }

    // `hot/${device}/x`
    Result<std::vector<RulePlan::TopicPiece>> topic_template(std::string_view text, Position at) {
        std::vector<RulePlan::TopicPiece> pieces;
        while (!text.empty()) {
            const std::size_t open = text.find("${");
            const std::string_view literal = text.substr(0, open);
            if (literal.find_first_of("+#") != std::string_view::npos)
                return error_at(Errc::malformed, at, "a topic to publish to holds no + or #");
            if (!literal.empty()) pieces.push_back({std::string(literal), nullptr});
            if (open == std::string_view::npos) break;
            const std::size_t close = text.find('}', open);
            if (close == std::string_view::npos)
                return error_at(Errc::malformed, at, "${ without }");
            HF_TRY(auto column, placeholder(text.substr(open + 2, close - open - 2), at));
            pieces.push_back({{}, std::move(column)});
            text.remove_prefix(close + 1);
        }
        return pieces;
    }
    Result<ExpressionPtr> placeholder(std::string_view text, Position at) {
        auto tokens = tokenize(text);
        if (!tokens) return error_at(Errc::malformed, at, "${...} holds no column");
        TokenCursor cursor(std::move(tokens).value());
        auto column = parse_name(cursor);
        if (!column || !cursor.at_end())
            return error_at(Errc::malformed, at,
                            fmt::format("${{{}}} is no column", text.substr(0, 60)));
        column.value()->at = at;
        HF_TRY(bind(*column.value(), Frame::output));
        return std::move(column).value();
    }

    Result<void> bind(Expression& e, Frame frame) {
        if (e.kind == ExpressionKind::name) return bind_name(e, frame);
        if (e.kind == ExpressionKind::call) return bind_call(e, frame);
        for (const auto& arg : e.args) {
            HF_TRY(bind(*arg, frame));
        }
        return ok();
    }

    static Result<void> to_slot(Expression& e, std::size_t slot) {
        e.kind = ExpressionKind::slot;
        e.slot = slot;
        return ok();
    }

    // The first column of the middle frame, as seen from `frame`.
    [[nodiscard]] std::size_t base_of(Frame frame) const noexcept {
        return frame == Frame::output ? plan_.select.items.size() : 0;
    }

    Result<void> bind_name(Expression& e, Frame frame) {
        const auto& first = std::get<std::string>(e.path.steps.front());
        const bool is_single = e.path.steps.size() == 1;
        if (is_single && (frame == Frame::having || frame == Frame::output)) {
            const auto& names = plan_.item_names;
            const auto item = std::find(names.begin(), names.end(), first);
            if (item != names.end())
                return bind_item(e, static_cast<std::size_t>(item - names.begin()), frame);
        }
        const std::size_t base = base_of(frame);
        if (frame == Frame::input || !in_.is_windowed)
            return to_slot(e, base + field_slot(field_of(e)));
        if (is_single && !e.is_quoted && first == "device") return to_slot(e, base + kDeviceKey);
        if (is_single && first == "window_start") return to_slot(e, base + kStartKey);
        if (is_single && first == "window_end") return to_slot(e, base + kEndKey);
        return error_at(Errc::malformed, e.at,
                        fmt::format("column '{}' must stand in GROUP BY or in an aggregate",
                                    e.path.to_string()));
    }
    // HAVING is asked before there are items, so what they are made of stands there.
    Result<void> bind_item(Expression& e, std::size_t item, Frame frame) {
        if (frame == Frame::output) return to_slot(e, item);
        return substitution_.put(e, *plan_.select.items[item]);
    }

    Result<void> bind_call(Expression& e, Frame frame) {
        const auto aggregate = find_aggregate(e.text);
        if (e.filter && !aggregate)
            return error_at(Errc::malformed, e.filter->at,
                            fmt::format("{}() is no aggregate, so it takes no FILTER", e.text));
        if (e.text == "topic_level") return bind_topic_level(e, frame);
        if (aggregate && *aggregate <= kLastStoredAggregate)
            return bind_aggregate(e, frame, *aggregate);
        e.function = find_function(e.text);
        if (e.function == nullptr) {
            const Errc code = is_later(e.text) ? Errc::not_supported : Errc::malformed;
            return error_at(code, e.at,
                            code == Errc::not_supported
                                ? fmt::format("function {}() is not served yet", e.text)
                                : fmt::format("there is no function {}()", e.text));
        }
        const std::size_t count = e.args.size();
        if (e.is_star || count < e.function->arguments_min || count > e.function->arguments_max)
            return error_at(Errc::malformed, e.at,
                            fmt::format("{}() takes {} to {} arguments", e.text,
                                        e.function->arguments_min, e.function->arguments_max));
        for (const auto& arg : e.args) {
            HF_TRY(bind(*arg, frame));
        }
        return ok();
    }

    Result<void> bind_topic_level(Expression& e, Frame frame) {
        Field field{FieldKind::topic_level};
        const bool has_one = e.args.size() == 1 && !e.is_star;
        const Expression* level = has_one ? e.args.front().get() : nullptr;
        const bool is_negative = level != nullptr && level->kind == ExpressionKind::negate;
        if (is_negative) level = level->args.front().get();
        if (level == nullptr || level->literal.type() != column::Type::int64)
            return error_at(Errc::malformed, e.at, "topic_level(n) takes one whole number");
        field.level = is_negative ? -level->literal.as_int() : level->literal.as_int();
        if (frame != Frame::input && in_.is_windowed)
            return error_at(Errc::malformed, e.at,
                            "topic_level() must stand in an aggregate in a rule with GROUP BY");
        e.args.clear();
        return to_slot(e, base_of(frame) + field_slot(field));
    }

    Result<void> bind_aggregate(Expression& e, Frame frame, AggregateKind kind) {
        if (!in_.is_windowed)
            return error_at(Errc::malformed, e.at,
                            fmt::format("{}() needs GROUP BY device, TUMBLE(...)", e.text));
        if (frame == Frame::input)
            return error_at(Errc::malformed, e.at,
                            fmt::format("the aggregate {}() may not stand here", e.text));
        const bool counts_rows = kind == AggregateKind::count && (e.is_star || e.args.empty());
        if (counts_rows) kind = AggregateKind::count_rows;
        if (!counts_rows && (e.is_star || e.args.size() != 1))
            return error_at(Errc::malformed, e.at, fmt::format("{}() takes one argument", e.text));
        AggregateCall call;
        call.kind = kind;
        if (!counts_rows) {
            HF_TRY(bind(*e.args.front(), Frame::input));
            call.args = std::move(e.args);
        }
        if (e.filter) {
            HF_TRY(bind(*e.filter, Frame::input));
            call.filter = std::move(e.filter);
        }
        e.args.clear();
        plan_.select.aggregates.push_back(std::move(call));
        return to_slot(e, base_of(frame) + kKeys + plan_.select.aggregates.size() - 1);
    }

    // `s.temp` is `temp` where s is the source's alias.
    column::Path without_alias(const column::Path& path, bool is_quoted) const {
        const auto& alias = in_.source.alias;
        if (alias.empty() || is_quoted || path.steps.size() < 2 ||
            std::get<std::string>(path.steps.front()) != alias ||
            !std::holds_alternative<std::string>(path.steps[1]))
            return path;
        return {{path.steps.begin() + 1, path.steps.end()}};
    }
    Field field_of(const Expression& e) const {
        column::Path path = without_alias(e.path, e.is_quoted);
        const auto& first = std::get<std::string>(path.steps.front());
        if (!e.is_quoted && path.steps.size() == 1) {
            if (const auto kind = record_column(first)) {
                if (*kind == FieldKind::ts) return plan_.fields()[plan_.ts_field];
                return Field{*kind};
            }
        }
        // `payload.ts` names the member where the record has a column of that name
        if (!e.is_quoted && first == "payload" && path.steps.size() > 1 &&
            std::holds_alternative<std::string>(path.steps[1]))
            path.steps.erase(path.steps.begin());
        return Field{FieldKind::path, std::move(path)};
    }
    std::size_t field_slot(const Field& field) {
        auto& fields = plan_.select.sources.front().fields;
        const auto found = std::find(fields.begin(), fields.end(), field);
        if (found != fields.end()) return static_cast<std::size_t>(found - fields.begin());
        fields.push_back(field);
        return fields.size() - 1;
    }

    RuleStatement in_;
    RulePlan plan_;
    Substitution substitution_;
};

} // namespace

Result<RulePlan> bind_rule(RuleStatement statement) {
    return Binder(std::move(statement)).run();
}

Result<RulePlan> plan_rule(std::string_view sql) {
    HF_TRY(auto statement, parse_rule(sql));
    return bind_rule(std::move(statement));
}

} // namespace holdfast::sql
