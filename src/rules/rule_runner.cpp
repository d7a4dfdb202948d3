#include "rules/rule_runner.hpp"

#include "rules/state_codec.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

namespace holdfast::rules {
namespace {

using column::Column;
using column::Frame;
using column::Value;

// Event times far before 1970 would overflow window arithmetic; they do not occur honestly.
constexpr std::int64_t kEventTimeUsMax = 9'000'000'000'000'000'000;

std::int64_t window_start(std::int64_t ts_us, std::int64_t size_us) noexcept {
    const std::int64_t into = ts_us % size_us;
    return ts_us - (into < 0 ? into + size_us : into);
}

// A value inside a topic: wildcards and control characters cannot stand there.
void append_topic(std::string& topic, const std::string& value) {
    for (const char c : value)
        topic += c == '+' || c == '#' || static_cast<unsigned char>(c) < 0x20 ? '_' : c;
}

std::vector<std::uint32_t> decoded_rows(std::span<const RecordNote> notes) {
    std::vector<std::uint32_t> rows;
    for (std::size_t row = 0; row < notes.size(); ++row)
        if (notes[row].payload_error.empty()) rows.push_back(static_cast<std::uint32_t>(row));
    return rows;
}

} // namespace

RuleRunner::RuleRunner(std::shared_ptr<const sql::RulePlan> plan, const EngineSettings& limits,
                       bool keeps_rows)
    : plan_(std::move(plan)),
      keeps_rows_(keeps_rows),
      windows_(plan_->aggregates.size(), limits.groups_max) {
    if (plan_->alarm)
        alarms_.emplace(plan_->name, plan_->alarm->name, plan_->alarm->raise_for_us,
                        plan_->alarm->clear_for_us, limits.alarm_keys_max);
}

void RuleRunner::run(const Frame& input, std::span<const RecordNote> notes) {
    evaluation_.arena.clear();
    counts_.records_in += notes.size();
    for (const RecordNote& note : notes) {
        if (note.is_implausible) ++counts_.implausible;
        if (plan_->reads_payload && !note.payload_error.empty())
            error(fmt::format("offset {}: {}", note.offset, note.payload_error));
    }
    std::vector<std::uint32_t> passing;
    std::vector<RecordNote> readable(notes.begin(), notes.end());
    if (!plan_->reads_payload)
        for (RecordNote& note : readable) note.payload_error = {};
    passing = decoded_rows(readable);
    if (plan_->where) {
        std::vector<Column> columns;
        columns.reserve(input.columns.size());
        Frame decoded{{}, passing.size()};
        for (const Column* each : input.columns) {
            columns.push_back(each->gather(passing));
            decoded.columns.push_back(&columns.back());
        }
        std::vector<std::uint32_t> kept = rows_where(*plan_->where, decoded, evaluation_);
        for (std::uint32_t& row : kept) row = passing[row];
        passing = std::move(kept);
    }
    if (plan_->is_windowed) {
        run_windows(input, notes, passing);
    } else {
        run_rows(input, notes, passing);
    }
    counts_.mismatches += evaluation_.mismatches;
    evaluation_.mismatches = 0;
}

void RuleRunner::run_rows(const Frame& input, std::span<const RecordNote> notes,
                          const std::vector<std::uint32_t>& passing) {
    std::vector<Column> columns;
    columns.reserve(input.columns.size());
    Frame middle{{}, passing.size()};
    for (const Column* each : input.columns) {
        columns.push_back(each->gather(passing));
        middle.columns.push_back(&columns.back());
    }
    const Output output = evaluate_output(middle);
    const Column& times = *input.columns[plan_->ts_field];
    const Column& devices = *input.columns[plan_->device_field];
    std::size_t next = 0;
    for (std::size_t row = 0; row < notes.size(); ++row) {
        const std::int64_t ts_us = times.at(row).as_int();
        if (next < passing.size() && passing[next] == row) {
            RowNote note{ts_us, std::nullopt, notes[row].hops};
            if (!devices.at(row).is_null()) note.device = devices.at(row).as_text();
            emit(output, next++, note);
        }
        advance(ts_us);
    }
}

void RuleRunner::run_windows(const Frame& input, std::span<const RecordNote> notes,
                             const std::vector<std::uint32_t>& passing) {
    std::vector<Column> columns;
    columns.reserve(input.columns.size());
    Frame decoded{{}, passing.size()};
    for (const Column* each : input.columns) {
        columns.push_back(each->gather(passing));
        decoded.columns.push_back(&columns.back());
    }
    std::vector<Column> arguments(plan_->aggregates.size());
    for (std::size_t i = 0; i < arguments.size(); ++i)
        if (plan_->aggregates[i].argument)
            arguments[i] = sql::evaluate(*plan_->aggregates[i].argument, decoded, evaluation_);
    const Column& times = *input.columns[plan_->ts_field];
    const Column& devices = *input.columns[plan_->device_field];
    std::size_t next = 0;
    for (std::size_t row = 0; row < notes.size(); ++row) {
        const std::int64_t ts_us = times.at(row).as_int();
        if (next < passing.size() && passing[next] == row) {
            const Value device = devices.at(row);
            add_to_window(ts_us, device.is_null() ? std::string_view() : device.as_text(),
                          notes[row], arguments, next++);
        }
        advance(ts_us);
    }
}

void RuleRunner::add_to_window(std::int64_t ts_us, std::string_view device, const RecordNote& note,
                               const std::vector<Column>& arguments, std::size_t row) {
    const std::int64_t start_us = window_start(ts_us, plan_->tumble_us);
    if (start_us + plan_->tumble_us <= watermark_us_) return late(ts_us, device, note);
    WindowStore::Group* group = windows_.group(start_us, device);
    if (group == nullptr)
        return error(
            fmt::format("offset {}: no room for device '{}', the rule's limit of open "
                        "groups is reached",
                        note.offset, device.substr(0, 100)));
    group->hops = std::max(group->hops, note.hops);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& aggregate = plan_->aggregates[i];
        group->aggregates[i].add(aggregate.kind,
                                 aggregate.argument ? arguments[i].at(row) : Value(),
                                 evaluation_.mismatches);
    }
}

void RuleRunner::late(std::int64_t ts_us, std::string_view device, const RecordNote& note) {
    ++counts_.late;
    if (plan_->late_topic.empty()) return;
    auto out = message({ts_us, device, note.hops}, std::string(note.payload));
    out.topic = plan_->late_topic;
    emitted_.messages.push_back(std::move(out));
}

void RuleRunner::advance(std::int64_t ts_us) {
    const std::int64_t watermark_us = ts_us - plan_->watermark_us;
    if (watermark_us <= watermark_us_ || ts_us > kEventTimeUsMax) return;
    watermark_us_ = watermark_us;
    while (!windows_.empty() && windows_.first_start_us() + plan_->tumble_us <= watermark_us_)
        close_first_window();
    if (alarms_) alarms_->advance(watermark_us_, emitted_.alarms);
}

void RuleRunner::close_all() {
    while (!windows_.empty()) close_first_window();
    counts_.mismatches += evaluation_.mismatches;
    evaluation_.mismatches = 0;
}

void RuleRunner::close_first_window() {
    using sql::RulePlan;
    const std::int64_t start_us = windows_.first_start_us();
    const WindowStore::Groups groups = windows_.take_first();
    std::vector<Column> columns(RulePlan::kFirstAggregate + plan_->aggregates.size());
    Frame middle{{}, groups.size()};
    for (Column& each : columns) {
        each.reset(groups.size());
        middle.columns.push_back(&each);
    }
    std::vector<RowNote> notes;
    for (const auto& [device, group] : groups) {
        const std::size_t row = notes.size();
        notes.push_back({start_us + plan_->tumble_us, device, group.hops});
        columns[RulePlan::kWindowDevice].set(row, Value::of_text(device));
        columns[RulePlan::kWindowStart].set(row, Value::of_timestamp_us(start_us));
        columns[RulePlan::kWindowEnd].set(row, Value::of_timestamp_us(notes.back().ts_us));
        for (std::size_t i = 0; i < plan_->aggregates.size(); ++i)
            columns[RulePlan::kFirstAggregate + i].set(
                row, group.aggregates[i].result(plan_->aggregates[i].kind));
    }
    const Output output = evaluate_output(middle);
    std::vector<std::uint32_t> rows;
    if (plan_->having) {
        rows = rows_where(*plan_->having, output.frame, evaluation_);
    } else {
        for (std::uint32_t row = 0; row < notes.size(); ++row) rows.push_back(row);
    }
    for (const std::uint32_t row : rows) emit(output, row, notes[row]);
}

RuleRunner::Output RuleRunner::evaluate_output(const Frame& middle) {
    Output output;
    output.items.reserve(plan_->items.size());
    output.frame.rows = middle.rows;
    for (const auto& item : plan_->items) {
        output.items.push_back(sql::evaluate(*item.expression, middle, evaluation_));
        output.frame.columns.push_back(&output.items.back());
    }
    output.frame.columns.insert(output.frame.columns.end(), middle.columns.begin(),
                                middle.columns.end());
    if (plan_->alarm) {
        const auto& alarm = *plan_->alarm;
        output.per = sql::evaluate(*alarm.per, output.frame, evaluation_);
        if (alarm.severity)
            output.severity = sql::evaluate(*alarm.severity, output.frame, evaluation_);
        output.raise = sql::evaluate(*alarm.raise, output.frame, evaluation_);
        output.clear = sql::evaluate(*alarm.clear, output.frame, evaluation_);
    }
    return output;
}

void RuleRunner::emit(const Output& output, std::size_t row, const RowNote& note) {
    ++counts_.rows_out;
    std::string json = "{";
    for (std::size_t i = 0; i < output.items.size(); ++i) {
        if (i != 0) json += ',';
        column::append_json_string(json, plan_->items[i].name);
        json += ':';
        column::append_json(json, output.items[i].at(row));
    }
    json += '}';
    if (plan_->alarm) emit_alarm(output, row, note, json);
    for (const auto& action : plan_->actions) publish(action, output, row, note, json);
    if (keeps_rows_) emitted_.rows.push_back(std::move(json));
}

void RuleRunner::emit_alarm(const Output& output, std::size_t row, const RowNote& note,
                            const std::string& json) {
    const Value per = output.per.at(row);
    if (per.is_null()) return error("an alarm's PER value is NULL");
    const std::string key = column::to_text(per);
    std::string severity = "warning";
    if (plan_->alarm->severity && !output.severity.at(row).is_null())
        severity = column::to_text(output.severity.at(row));
    const AlarmTracker::Row step{key,
                                 note.device.value_or(std::string_view()),
                                 severity,
                                 json,
                                 note.ts_us,
                                 output.raise.at(row).is_true(),
                                 output.clear.at(row).is_true()};
    if (!alarms_->step(step, emitted_.alarms))
        error(fmt::format("no room for alarm key '{}': the rule's limit of keys is reached",
                          key.substr(0, 100)));
}

void RuleRunner::publish(const sql::RulePlan::Action& action, const Output& output, std::size_t row,
                         const RowNote& note, const std::string& json) {
    auto out = message(note, json);
    out.qos = action.qos;
    if (!action.is_publish) {
        out.stream = action.stream;
        out.qos = 1;
        emitted_.messages.push_back(std::move(out));
        return;
    }
    for (const auto& piece : action.topic) {
        if (!piece.expression) {
            out.topic += piece.text;
            continue;
        }
        const Value value = output.frame.columns[piece.expression->slot]->at(row);
        if (value.is_null()) return error("a ${...} in a topic is NULL: not published");
        append_topic(out.topic, column::to_text(value));
    }
    if (out.topic.size() > topic::kTopicBytesMax || !topic::is_topic_name(out.topic))
        return error(fmt::format("'{}' is no topic: not published", out.topic.substr(0, 100)));
    emitted_.messages.push_back(std::move(out));
}

broker::OutMessage RuleRunner::message(const RowNote& note, std::string payload) const {
    broker::OutMessage out;
    out.device = note.device.value_or(std::string_view());
    out.client_id = "rule:" + plan_->name;
    out.payload = std::move(payload);
    out.event_ms = note.ts_us / 1000;
    out.user_properties.emplace_back("hf-hops", std::to_string(note.hops + 1));
    return out;
}

void RuleRunner::error(std::string what) {
    ++counts_.errors;
    last_error_ = std::move(what);
}

Emitted RuleRunner::take_emitted() {
    return std::exchange(emitted_, {});
}
RuleCounts RuleRunner::take_counts() {
    for (const auto& alarm : emitted_.alarms)
        ++(alarm.state == alarms::AlarmState::active ? counts_.alarms_raised
                                                     : counts_.alarms_cleared);
    return std::exchange(counts_, {});
}

void RuleRunner::encode(ByteWriter& out) const {
    out.varlong(watermark_us_);
    windows_.encode(out);
    if (alarms_) alarms_->encode(out);
}

Result<void> RuleRunner::decode(ByteReader& in) {
    HF_TRY(watermark_us_, in.varlong());
    HF_TRY(windows_.decode(in));
    if (alarms_) {
        HF_TRY(alarms_->decode(in));
    }
    if (!in.empty()) return fail(Errc::corrupt, "rule state: bytes too many");
    return ok();
}

} // namespace holdfast::rules
