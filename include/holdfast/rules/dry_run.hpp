#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/rules/engine.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sql {
class Interrupt;
}

namespace holdfast::rules {

// One message as a dry run takes it.
struct Event {
    std::string topic;
    std::string payload;
    std::optional<std::int64_t> ts_ms{}; // event time; empty: from the payload, else arrival
    std::string device{};                // record key; empty: none
    std::int64_t arrival_ms = 0;
};

// NDJSON of {"topic", "payload", "ts"?, "device"?, "client"?}, one event a line; `payload` is any
// JSON value (text is taken as the payload itself); the device is `device`, as a route gives it,
// else the client id, as without one; else there is none. Arrival is `ts`, else the arrival of the
// line before plus 1 ms. malformed names the line; limit_exceeded beyond 1,000,000 lines.
[[nodiscard]] Result<std::vector<Event>> parse_events(std::string_view ndjson);

struct DryRunMessage {
    std::string topic;  // THEN PUBLISH
    std::string stream; // THEN APPEND
    std::string device;
    std::string payload;
    std::optional<std::int64_t> event_ms{};
};

struct DryRunResult {
    std::vector<std::string> rows; // emitted rows, JSON objects
    std::vector<DryRunMessage> messages;
    std::vector<alarms::Alarm> changes; // raises and clears in order
    RuleCounts counts;
    std::string last_error;
};

// Runs one rule over events in order, without log or server, by the evaluator that runs live.
// `close_windows` closes all windows after the last event. malformed, not_supported as
// Engine::create(); limit_exceeded where it gives more than 1,000,000 rows, or once `interrupt`
// (which may be null) is due, also in the middle of an expression.
[[nodiscard]] Result<DryRunResult> dry_run(std::string_view sql, const std::vector<Event>& events,
                                           bool close_windows = true,
                                           const sql::Interrupt* interrupt = nullptr);

// One JSON object a line: {"row": ...}, {"message": ...}, {"alarm": ...}, last {"counts": ...}.
[[nodiscard]] std::string to_ndjson(const DryRunResult& result);

} // namespace holdfast::rules
