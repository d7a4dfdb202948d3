#include "rules/rule_output.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::rules {
namespace {

using column::Frame;
using column::Value;

// A value inside a topic: wildcards and control characters cannot stand there.
void append_topic(std::string& topic, const std::string& value) {
    for (const char c : value)
        topic += c == '+' || c == '#' || static_cast<unsigned char>(c) < 0x20 ? '_' : c;
}

// Those of rows become groups elsewhere; what is left to do then is HAVING.
std::vector<const sql::Expression*> conditions(const sql::SelectPlan& select) {
    std::vector<const sql::Expression*> all;
    if (select.is_grouped) {
        if (select.having) all.push_back(select.having.get());
    } else {
        for (const auto& each : select.filters) all.push_back(each.get());
    }
    return all;
}

std::vector<const sql::Expression*> items(const sql::SelectPlan& select) {
    std::vector<const sql::Expression*> all;
    for (const auto& each : select.items) all.push_back(each.get());
    for (const auto& each : select.hidden) all.push_back(each.get());
    return all;
}

} // namespace

RuleOutput::RuleOutput(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
                       bool keeps_rows, exec::Context& context)
    : plan_(std::move(plan)),
      keeps_rows_(keeps_rows),
      context_(context),
      stage_(conditions(plan_->select), items(plan_->select), plan_->select.hidden.size(), context),
      evaluation_(context) {
    if (plan_->alarm)
        alarms_.emplace(plan_->name, plan_->alarm->name, plan_->alarm->raise_for_us,
                        plan_->alarm->clear_for_us, limits.alarm_keys_max);
}

Result<RuleOutput::Rows> RuleOutput::evaluate(const Frame& in) {
    HF_TRY(const exec::Stage::Rows* const left, stage_.run(in));
    Rows rows;
    rows.frame = left->frame;
    rows.numbers = left->numbers;
    if (plan_->alarm) {
        const auto& alarm = *plan_->alarm;
        sql::Evaluation& evaluation = evaluation_.begin();
        rows.per = sql::evaluate(*alarm.per, rows.frame, evaluation);
        if (alarm.severity) rows.severity = sql::evaluate(*alarm.severity, rows.frame, evaluation);
        rows.raise = sql::evaluate(*alarm.raise, rows.frame, evaluation);
        rows.clear = sql::evaluate(*alarm.clear, rows.frame, evaluation);
        HF_TRY(evaluation_.settle());
    }
    return rows;
}

void RuleOutput::emit(const Rows& rows, std::size_t row, const RowNote& note) {
    ++counts_.rows_out;
    std::string json = "{";
    for (std::size_t i = 0; i < plan_->item_names.size(); ++i) {
        if (i != 0) json += ',';
        column::append_json_string(json, plan_->item_names[i]);
        json += ':';
        column::append_json(json, rows.frame.columns[i]->at(row));
    }
    json += '}';
    if (plan_->alarm) emit_alarm(rows, row, note, json);
    for (const auto& action : plan_->actions) act(action, rows, row, note, json);
    if (keeps_rows_) emitted_.rows.push_back(std::move(json));
}

void RuleOutput::emit_alarm(const Rows& rows, std::size_t row, const RowNote& note,
                            const std::string& json) {
    const Value per = rows.per.at(row);
    if (per.is_null()) return error("an alarm's PER value is NULL");
    const std::string key = column::to_text(per);
    AlarmTracker::Row step;
    step.key = key;
    step.device = note.device.value_or(std::string_view());
    step.details_json = json;
    step.ts_us = note.ts_us;
    step.raise = rows.raise.at(row).is_true();
    step.clear = rows.clear.at(row).is_true();
    if (step.raise) step.severity = severity(rows, row); // nobody sees that of other rows
    if (!alarms_->step(step, emitted_.alarms))
        error(fmt::format("no room for alarm key '{}': the rule's limit of keys is reached",
                          key.substr(0, 100)));
}

alarms::Severity RuleOutput::severity(const Rows& rows, std::size_t row) {
    constexpr alarms::Severity kDefault = alarms::Severity::minor;
    if (!plan_->alarm->severity || rows.severity.at(row).is_null()) return kDefault;
    const std::string name = column::to_text(rows.severity.at(row));
    const auto known = alarms::severity_from(name);
    // Better an alarm of a wrong severity than none.
    if (!known)
        error(fmt::format("severity '{}' is not one of info, minor, major, critical: taken as {}",
                          name.substr(0, 100), alarms::to_string(kDefault)));
    return known.value_or(kDefault);
}

void RuleOutput::act(const sql::RulePlan::Action& action, const Rows& rows, std::size_t row,
                     const RowNote& note, const std::string& json) {
    auto out = message(note, json);
    out.qos = action.qos;
    if (!action.is_publish) {
        out.stream = action.stream;
        out.qos = 1;
        put(std::move(out));
        return;
    }
    for (const auto& piece : action.topic) {
        if (!piece.expression) {
            out.topic += piece.text;
            continue;
        }
        const Value value = rows.frame.columns[piece.expression->slot]->at(row);
        if (value.is_null()) return error("a ${...} in a topic is NULL: not published");
        append_topic(out.topic, column::to_text(value));
    }
    if (out.topic.size() > topic::kTopicBytesMax || !topic::is_topic_name(out.topic))
        return error(fmt::format("'{}' is no topic: not published", out.topic.substr(0, 100)));
    put(std::move(out));
}

void RuleOutput::send(const RowNote& note, std::string topic, std::string payload) {
    auto out = message(note, std::move(payload));
    out.topic = std::move(topic);
    put(std::move(out));
}

void RuleOutput::put(broker::OutMessage message) {
    emitted_.messages.push_back(std::move(message));
    emitted_.origins.push_back(offset_);
}

broker::OutMessage RuleOutput::message(const RowNote& note, std::string payload) const {
    broker::OutMessage out;
    out.device = note.device.value_or(std::string_view());
    out.client_id = "rule:" + plan_->name;
    out.payload = std::move(payload);
    out.event_ms = note.ts_us / 1000;
    out.user_properties.emplace_back("hf-hops", std::to_string(note.hops + 1));
    return out;
}

void RuleOutput::error(std::string what) {
    ++counts_.errors;
    last_error_ = std::move(what);
}

Emitted RuleOutput::take_emitted() {
    return std::exchange(emitted_, {});
}

RuleCounts RuleOutput::take_counts() {
    for (const auto& alarm : emitted_.alarms)
        ++(alarm.state == alarms::AlarmState::active ? counts_.alarms_raised
                                                     : counts_.alarms_cleared);
    counts_.mismatches += std::exchange(context_.mismatches, 0);
    return std::exchange(counts_, {});
}

} // namespace holdfast::rules
