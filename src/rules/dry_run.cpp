#include <holdfast/rules/dry_run.hpp>

#include "rules/rule_runner.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>
#include <holdfast/record/payload_columns.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::rules {
namespace {

using column::Field;
using column::FieldKind;
using column::Value;

constexpr std::size_t kEventsMax = 1'000'000;
constexpr std::size_t kRowsMax = 1'000'000;
constexpr std::size_t kRowsAtOnce = 1024;

Field member(std::string_view name) {
    return Field{FieldKind::path, {{column::Path::Step{std::string(name)}}}};
}

Error at_line(std::size_t line, std::string_view what) {
    return fail(Errc::malformed, fmt::format("events, line {}: {}", line, what));
}

// `ts` of an event line; nothing where it is there but no time.
std::optional<std::int64_t> event_us(const Value& ts) {
    if (ts.type() == column::Type::int64) return column::timestamp_from_epoch(ts.as_int());
    if (ts.type() == column::Type::float64) return column::timestamp_from_epoch(ts.as_float());
    if (ts.type() == column::Type::text) return column::parse_timestamp(ts.as_text());
    return std::nullopt;
}

Result<Event> parse_event(const record::PayloadColumns& columns, std::size_t line,
                          std::int64_t arrival_ms) {
    if (!columns.error(0).empty()) return at_line(line, columns.error(0));
    const Value topic = columns.column(0).at(0);
    if (topic.type() != column::Type::text || !topic::is_topic_name(topic.as_text()))
        return at_line(line, "\"topic\" with an MQTT topic is expected");
    Event event;
    event.topic = topic.as_text();
    event.payload = column::to_text(columns.column(1).at(0));
    event.arrival_ms = arrival_ms;
    if (const Value ts = columns.column(2).at(0); !ts.is_null()) {
        const auto us = event_us(ts);
        if (!us) return at_line(line, "\"ts\" is no time");
        event.ts_ms = *us / 1000;
        event.arrival_ms = *event.ts_ms;
    }
    // As the server's default route has it: who sent it. What a topic says is for a route to know.
    const Value device = columns.column(3).at(0);
    const Value client = columns.column(4).at(0);
    if (const Value& given = device.is_null() ? client : device; !given.is_null())
        event.device = column::to_text(given);
    return event;
}

// What live records get from the log.
record::MessageView view_of(const Event& event, std::size_t offset) {
    record::MessageView view;
    view.payload = as_bytes(event.payload);
    view.topic = event.topic;
    if (!event.device.empty()) view.device = event.device;
    view.event_ms = event.ts_ms;
    view.arrival_ms = event.arrival_ms;
    view.stream = "dry-run";
    view.offset = static_cast<Offset>(offset);
    return view;
}

} // namespace

Result<std::vector<Event>> parse_events(std::string_view ndjson) {
    record::PayloadColumns columns(
        {member("topic"), member("payload"), member("ts"), member("device"), member("client")});
    std::vector<Event> events;
    std::int64_t arrival_ms = 0;
    for (std::size_t number = 1; !ndjson.empty(); ++number) {
        const std::size_t end = std::min(ndjson.find('\n'), ndjson.size());
        const std::string_view line = ndjson.substr(0, end);
        ndjson.remove_prefix(std::min(end + 1, ndjson.size()));
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        if (events.size() == kEventsMax)
            return fail(Errc::limit_exceeded, "more than 1,000,000 events");
        record::MessageView view;
        view.payload = as_bytes(line);
        columns.decode({&view, 1});
        HF_TRY(auto event, parse_event(columns, number, arrival_ms + 1));
        arrival_ms = event.arrival_ms;
        events.push_back(std::move(event));
    }
    return events;
}

Result<DryRunResult> dry_run(std::string_view sql, const std::vector<Event>& events,
                             bool close_windows, const sql::Interrupt* interrupt) {
    HF_TRY(auto made, sql::plan_rule(sql));
    const auto plan = std::make_shared<const sql::RulePlan>(std::move(made));
    RuleRunner runner(plan, EngineSettings{}, true);
    runner.interrupt_by(interrupt);
    const auto took_too_long = [&](std::size_t done) {
        return fail(Errc::limit_exceeded,
                    fmt::format("the rule takes too long: it was ended after {} of {} events", done,
                                events.size()));
    };
    const auto is_due = [&] {
        return runner.is_interrupted() || (interrupt != nullptr && interrupt->is_due());
    };
    record::PayloadColumns decoder(plan->fields());
    DryRunResult result;
    const auto collect = [&] {
        const RuleCounts counts = runner.take_counts();
        result.counts.records_in += counts.records_in;
        result.counts.rows_out += counts.rows_out;
        result.counts.late += counts.late;
        result.counts.clock_back += counts.clock_back;
        result.counts.mismatches += counts.mismatches;
        result.counts.implausible += counts.implausible;
        result.counts.errors += counts.errors;
        result.counts.alarms_raised += counts.alarms_raised;
        result.counts.alarms_cleared += counts.alarms_cleared;
        Emitted emitted = runner.take_emitted();
        std::move(emitted.rows.begin(), emitted.rows.end(), std::back_inserter(result.rows));
        std::move(emitted.alarms.begin(), emitted.alarms.end(), std::back_inserter(result.changes));
        for (auto& message : emitted.messages)
            result.messages.push_back({std::move(message.topic), std::move(message.stream),
                                       std::move(message.device), std::move(message.payload),
                                       message.event_ms});
        result.last_error = runner.last_error();
    };
    std::vector<record::MessageView> views;
    std::vector<RecordNote> notes; // of every event: each tells the time
    const auto flush = [&] {
        decoder.decode(views);
        column::Frame frame{{}, views.size()};
        for (std::size_t i = 0; i < plan->fields().size(); ++i)
            frame.columns.push_back(&decoder.column(i));
        std::size_t row = 0;
        for (RecordNote& note : notes) {
            if (!note.is_of_source) continue;
            note.payload_error = decoder.error(row);
            note.is_implausible = decoder.is_implausible(plan->ts_field, row++);
        }
        runner.run(frame, notes);
        views.clear();
        notes.clear();
        collect();
    };
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& event = events[i];
        RecordNote& note = notes.emplace_back();
        note.payload = event.payload;
        note.offset = static_cast<Offset>(i);
        note.arrival_us = event.arrival_ms * 1000;
        note.is_of_source =
            !plan->from_filter() || topic::matches(plan->source().name, event.topic);
        if (note.is_of_source) views.push_back(view_of(event, i));
        if (notes.size() == kRowsAtOnce) {
            flush();
            if (is_due()) return took_too_long(i + 1);
        }
        if (result.rows.size() > kRowsMax)
            return fail(Errc::limit_exceeded, "the rule gives more than 1,000,000 rows");
    }
    flush();
    if (close_windows) runner.close_all();
    if (is_due()) return took_too_long(events.size());
    collect();
    return result;
}

std::string to_ndjson(const DryRunResult& result) {
    std::string out;
    for (const auto& row : result.rows) out += "{\"row\":" + row + "}\n";
    for (const auto& message : result.messages) {
        out += "{\"message\":{";
        const bool to_topic = !message.topic.empty();
        out += to_topic ? "\"topic\":" : "\"stream\":";
        column::append_json_string(out, to_topic ? message.topic : message.stream);
        out += ",\"device\":";
        column::append_json_string(out, message.device);
        if (message.event_ms) out += fmt::format(",\"ts\":{}", *message.event_ms);
        out += ",\"payload\":";
        if (is_utf8(message.payload)) {
            column::append_json_string(out, message.payload);
        } else {
            out += "null";
        }
        out += "}}\n";
    }
    for (const auto& alarm : result.changes) out += "{\"alarm\":" + alarms::to_json(alarm) + "}\n";
    const RuleCounts& counts = result.counts;
    out += fmt::format(
        "{{\"counts\":{{\"records_in\":{},\"rows_out\":{},\"late\":{},\"clock_back\":{},"
        "\"mismatches\":{},\"implausible\":{},\"errors\":{},\"alarms_raised\":{},"
        "\"alarms_cleared\":{}}},\"last_error\":",
        counts.records_in, counts.rows_out, counts.late, counts.clock_back, counts.mismatches,
        counts.implausible, counts.errors, counts.alarms_raised, counts.alarms_cleared);
    column::append_json_string(out, result.last_error);
    return out + "}\n";
}

} // namespace holdfast::rules
