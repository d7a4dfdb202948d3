// Which SELECTs can be answered by parts, and in buckets of which width.
#include <holdfast/exec/parts.hpp>
#include <holdfast/exec/row_source.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace holdfast::exec {
namespace {

using column::Comparison;
using column::FieldKind;
using column::Type;
using sql::AggregateKind;
using sql::Expression;
using sql::ExpressionKind;
using sql::SourcePlan;

bool is_of_kind(const Expression& e, const SourcePlan& source, FieldKind kind) noexcept {
    return e.kind == ExpressionKind::slot && e.slot < source.fields.size() &&
           source.fields[e.slot].kind == kind;
}

// A field as a device sends it, not something inside of its text.
bool is_field(const Expression& e, const SourcePlan& source) noexcept {
    if (is_of_kind(e, source, FieldKind::value)) return true;
    return is_of_kind(e, source, FieldKind::path) &&
           std::ranges::none_of(source.fields[e.slot].path.steps, [](const auto& step) {
               return std::holds_alternative<std::int64_t>(step);
           });
}

bool is_device_or_stream(const Expression& e, const SourcePlan& source) noexcept {
    return is_of_kind(e, source, FieldKind::device) || is_of_kind(e, source, FieldKind::stream);
}

bool is_time_literal(const Expression& e) noexcept {
    return e.kind == ExpressionKind::literal && e.literal.type() == Type::timestamp;
}

// Just the conditions that SourcePlan::event_time says in full.
bool is_time_range(const Expression& e, const SourcePlan& source) noexcept {
    const auto is_ts = [&](const Expression& arg) {
        return is_of_kind(arg, source, FieldKind::ts);
    };
    if (e.kind == ExpressionKind::comparison && e.comparison != Comparison::not_equal)
        return (is_ts(*e.args[0]) && is_time_literal(*e.args[1])) ||
               (is_ts(*e.args[1]) && is_time_literal(*e.args[0]));
    return e.kind == ExpressionKind::between && !e.is_negated && is_ts(*e.args[0]) &&
           is_time_literal(*e.args[1]) && is_time_literal(*e.args[2]);
}

bool is_about_device(const Expression& e, const SourcePlan& source) {
    bool names_other = false;
    sql::walk(e, [&](const Expression& each) {
        if (each.kind == ExpressionKind::slot && !is_device_or_stream(each, source))
            names_other = true;
    });
    return !names_other;
}

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;

// The widest step that lies in one unit of date_trunc(). 0 where it is none of these.
std::int64_t step_of_unit(std::string_view unit) noexcept {
    struct Named {
        std::string_view name;
        std::int64_t step_us;
    };
    constexpr std::array kNamed{Named{"second", kSecondUs},
                                Named{"minute", 60 * kSecondUs},
                                Named{"hour", 3'600 * kSecondUs},
                                Named{"day", kDayUs},
                                Named{"week", kDayUs},
                                Named{"month", kDayUs},
                                Named{"quarter", kDayUs},
                                Named{"year", kDayUs}};
    const auto* const found = std::ranges::find(kNamed, unit, &Named::name);
    return found == kNamed.end() ? 0 : found->step_us;
}

// A call that makes a time coarser, in UTC: 0 where it is not.
std::int64_t step_of_call(const Expression& e, const SourcePlan& source) noexcept {
    const bool is_of_time = e.kind == ExpressionKind::call && e.args.size() == 2 &&
                            e.args[0]->kind == ExpressionKind::literal &&
                            is_of_kind(*e.args[1], source, FieldKind::ts);
    if (!is_of_time) return 0;
    const column::Value& width = e.args[0]->literal;
    if (e.text == "time_bucket" && width.type() == Type::int64)
        return std::max<std::int64_t>(width.as_int(), 0);
    if (e.text == "date_trunc" && width.type() == Type::text) return step_of_unit(width.as_text());
    return 0;
}

// Whether the key is the same for all rows of a device in one bucket; narrows the step to that.
bool is_coarse(const Expression& key, const SourcePlan& source, std::int64_t& step_us) {
    if (const std::int64_t step_of_key_us = step_of_call(key, source)) {
        step_us = std::gcd(step_us, step_of_key_us); // all are aligned to the epoch
        return true;
    }
    if (key.kind == ExpressionKind::slot)
        return key.slot >= source.fields.size() || // of the window, whose steps are known
               is_device_or_stream(key, source);
    return std::ranges::all_of(key.args,
                               [&](const auto& arg) { return is_coarse(*arg, source, step_us); });
}

bool add_call(const sql::AggregateCall& call, const SourcePlan& source, bool is_by_device,
              PartsPlan& out) {
    if (call.is_distinct || call.filter) return false;
    switch (call.kind) {
        case AggregateKind::count_rows: out.calls.push_back({call.kind}); return true;
        case AggregateKind::first:
        case AggregateKind::last:
            if (!is_by_device) return false; // rows of devices come one device after the other
            [[fallthrough]];
        case AggregateKind::count:
        case AggregateKind::sum:
        case AggregateKind::avg:
        case AggregateKind::min:
        case AggregateKind::max: break;
        default: return false;
    }
    if (!is_field(*call.args.front(), source)) return false;
    out.calls.push_back({call.kind, call.args.front()->slot});
    return true;
}

bool add_condition(const Expression& e, const SourcePlan& source, PartsPlan& out) {
    if (is_time_range(e, source)) return true;
    if (is_about_device(e, source)) {
        out.conditions.push_back(&e);
        return true;
    }
    const bool is_presence = e.kind == ExpressionKind::is_null && e.is_negated &&
                             is_field(*e.args[0], source) &&
                             out.present.value_or(e.args[0]->slot) == e.args[0]->slot;
    if (is_presence) out.present = e.args[0]->slot;
    return is_presence;
}

} // namespace

Result<std::unique_ptr<PartsCursor>> RowSource::open_parts(const SourcePlan& source,
                                                           const PartsPlan&, Context&) const {
    return fail(Errc::not_supported, "no aggregates of " + source.name);
}

std::optional<PartsPlan> parts_of(const sql::SelectPlan& plan) {
    if (!plan.is_grouped || plan.sources.size() != 1 || !plan.filters.empty()) return std::nullopt;
    const SourcePlan& source = plan.sources.front();
    if (source.kind != SourcePlan::Kind::stream) return std::nullopt;
    PartsPlan out;
    if (plan.window) {
        if (plan.window->kind != sql::WindowClause::Kind::tumble || !plan.window->zone.empty() ||
            source.fields[plan.window->ts_slot].kind != FieldKind::ts)
            return std::nullopt;
        out.step_us = plan.window->size_us;
    }
    bool is_by_device = false;
    for (const auto& key : plan.keys) {
        if (!is_coarse(*key, source, out.step_us)) return std::nullopt;
        is_by_device = is_by_device || is_of_kind(*key, source, FieldKind::device);
    }
    for (const auto& condition : source.filters)
        if (!add_condition(*condition, source, out)) return std::nullopt;
    for (const auto& call : plan.aggregates)
        if (!add_call(call, source, is_by_device, out)) return std::nullopt;
    const bool is_of_others = std::ranges::any_of(out.calls, [&](const PartsPlan::Call& call) {
        return call.kind != AggregateKind::count_rows && call.column != out.present;
    });
    if (out.present && is_of_others) return std::nullopt;
    return out;
}

} // namespace holdfast::exec
