#pragma once

#include <holdfast/alarms/alarm.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/log/append.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::alarms {

// What an operator made of one occurrence of an alarm. It holds all that is to be known of the
// occurrence: its alarm goes on to the next one, and a site collects what was true and what was
// not.
struct Label {
    std::string alarm; // alarm_id()
    std::string occurrence;
    std::string source;
    std::string device;
    std::int64_t raised_ms = 0;               // event time
    std::optional<std::int64_t> cleared_ms{}; // empty: it was active when last heard of
    Judgement said;

    friend bool operator==(const Label&, const Label&) = default;
};

// Of the alarm's present occurrence.
[[nodiscard]] Label label_of(const Alarm& alarm, Judgement said);

// What goes into kLabelsKeyspace (docs/format/alarm_state.md); it replaces the one before of the
// same occurrence.
[[nodiscard]] std::string label_key(std::string_view alarm, std::string_view occurrence);
[[nodiscard]] log::StateChange state_change(const Label& label);
[[nodiscard]] log::StateChange removal_of(const Label& label);
// Errors: corrupt, also for another version: it stops nothing.
[[nodiscard]] Result<Label> decode_label(std::string_view key, std::string_view value);

} // namespace holdfast::alarms
