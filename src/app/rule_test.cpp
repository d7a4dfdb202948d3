#include "app/rule_test.hpp"

#include "app/rule_files.hpp"
#include "app/text_file.hpp"

#include <holdfast/column/timestamp.hpp>
#include <holdfast/rules/check.hpp>
#include <holdfast/rules/dry_run.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace holdfast::app {
namespace {

constexpr std::size_t kEventBytesMax = 1U << 30U; // the run holds them all

int failed(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    return 1;
}

// "events, line 3: why" becomes "FILE:3: why".
std::string at_line(const std::string& file, const Error& error) {
    const std::string& why = error.context;
    unsigned line = 0;
    int end = 0;
    if (std::sscanf(why.c_str(), "events, line %u: %n", &line, &end) == 1 && end > 0)
        return fmt::format("{}:{}: {}", file, line, why.substr(static_cast<std::size_t>(end)));
    return fmt::format("{}: {}", file, why);
}

// What the server would refuse; streams are its own matter.
Result<void> check(const std::string& sql) {
    HF_TRY(const auto statement, sql::parse_rule(sql));
    return rules::check_rule(statement, {});
}

std::string to_lines(const alarms::Alarm& alarm) {
    const bool is_raised = alarm.state == alarms::AlarmState::active;
    const auto ms = is_raised ? alarm.raised_ms : alarm.cleared_ms.value_or(alarm.raised_ms);
    return fmt::format("alarm    {} {} {} '{}' {} {}\n", column::format_timestamp(ms * 1000),
                       is_raised ? "raised" : "cleared", alarms::to_string(alarm.severity),
                       alarm.name, alarm.key, alarm.details_json);
}

std::string to_lines(const rules::DryRunResult& result) {
    std::string out;
    for (const auto& row : result.rows) out += "row      " + row + "\n";
    for (const auto& message : result.messages) {
        const bool to_topic = !message.topic.empty();
        out += fmt::format("message  {} {}: {}\n", to_topic ? "topic" : "stream",
                           to_topic ? message.topic : message.stream, message.payload);
    }
    for (const auto& change : result.changes) out += to_lines(change);
    const auto& counts = result.counts;
    out += fmt::format(
        "{} events read, {} rows, {} messages, {} alarms raised, {} cleared, {} late, "
        "{} of another type, {} implausible times, {} errors\n",
        counts.records_in, counts.rows_out, result.messages.size(), counts.alarms_raised,
        counts.alarms_cleared, counts.late, counts.mismatches, counts.implausible, counts.errors);
    if (!result.last_error.empty()) out += "last error: " + result.last_error + "\n";
    return out;
}

} // namespace

int run_rule_test(const RuleTestArguments& arguments) {
    const auto sql = read_rule_file(arguments.rule_file);
    if (!sql) return failed(sql.error().context);
    const auto checked = check(sql.value());
    if (!checked) return failed(at_place(arguments.rule_file, checked.error()));
    const auto text = read_text_file(arguments.events_file, kEventBytesMax);
    if (!text) return failed(text.error().context);
    const auto events = rules::parse_events(text.value());
    if (!events) return failed(at_line(arguments.events_file, events.error()));
    const auto result = rules::dry_run(sql.value(), events.value());
    if (!result) return failed(at_place(arguments.rule_file, result.error()));
    const std::string shown =
        arguments.format == "ndjson" ? rules::to_ndjson(result.value()) : to_lines(result.value());
    const bool is_written = std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size() &&
                            std::fflush(stdout) == 0;
    return is_written ? 0 : failed("standard output: " + std::string(std::strerror(errno)));
}

} // namespace holdfast::app
