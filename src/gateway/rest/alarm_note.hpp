#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// What a request says of an alarm.
struct AlarmNote {
    std::string comment;
    std::string occurrence;             // empty: the one that there is
    std::optional<std::string> label{}; // JSON, where the request may have it
};

// malformed, naming the member.
[[nodiscard]] Result<AlarmNote> read_alarm_note(const HttpRequest& request,
                                                bool takes_label = false);
// already_exists where the alarm was raised again since.
[[nodiscard]] Result<void> check_occurrence(const AlarmNote& asked, const alarms::Alarm& alarm);
// By the caller, now.
[[nodiscard]] alarms::OperatorNote note_of(const HttpRequest& request, const Clock& clock,
                                           AlarmNote asked);
// For the audit: which alarm, and what was said of it.
[[nodiscard]] std::string audit_note(const alarms::Alarm& alarm, std::string_view what,
                                     std::string_view comment);

} // namespace holdfast::gateway
