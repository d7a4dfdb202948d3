#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/log/append.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::alarms {

enum class AlarmState : std::uint8_t { active = 0, cleared = 1 }; // numbers reach the disk

[[nodiscard]] std::string_view to_string(AlarmState state) noexcept;

// One alarm of one (source, name, key). A rule or a model raises it and clears it.
struct Alarm {
    std::string source; // the rule's or model's name
    std::string name;   // ALARM 'name'
    std::string key;    // the PER value as text, e.g. the device
    std::string device; // empty where the key is not about one device
    AlarmState state = AlarmState::active;
    std::string severity;     // e.g. "critical"
    std::string details_json; // JSON object: the row or the explanation that caused the last change
    std::int64_t raised_ms = 0; // event time, epoch milliseconds
    std::optional<std::int64_t> cleared_ms{};

    friend bool operator==(const Alarm&, const Alarm&) = default;
};

// The id that REST shows: 16 hex digits, the same for the same (source, name, key), for ever.
[[nodiscard]] std::string alarm_id(std::string_view source, std::string_view name,
                                   std::string_view key);
[[nodiscard]] inline std::string alarm_id(const Alarm& alarm) {
    return alarm_id(alarm.source, alarm.name, alarm.key);
}

// What goes into Keyspace::alarms in the same append as the change's record
// (docs/format/alarm_state.md).
[[nodiscard]] log::StateChange state_change(const Alarm& alarm);
// corrupt for anything that state_change() did not write.
[[nodiscard]] Result<Alarm> decode_alarm(std::string_view value);

// The stream that every raise and clear is appended to, and the MQTT topic
// `alarms/{source}/{name}/{key}`; characters that a topic level must not hold become `_`.
inline constexpr std::string_view kAlarmStream = "alarms";
[[nodiscard]] std::string alarm_topic(const Alarm& alarm);
// The alarm as a JSON object: the payload of that record, and what REST lists.
[[nodiscard]] std::string to_json(const Alarm& alarm);

} // namespace holdfast::alarms
