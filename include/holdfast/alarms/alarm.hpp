#pragma once

#include <holdfast/alarms/keyspace.hpp>
#include <holdfast/alarms/severity.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/log/append.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::alarms {

enum class AlarmState : std::uint8_t { active = 0, cleared = 1 }; // numbers reach the disk

[[nodiscard]] std::string_view to_string(AlarmState state) noexcept;

// Why an alarm is no longer active. Numbers reach the disk.
enum class ClearReason : std::uint8_t {
    none = 0,    // it is active
    cleared = 1, // its condition was over
    removed = 2, // its rule or model is no more, and nobody else would ever clear it
};
[[nodiscard]] std::string_view to_string(ClearReason reason) noexcept; // "" for none

// What an operator said about an occurrence. Acknowledgements are kept beside the alarms
// (acknowledgement.hpp); nothing shelves yet, the stored format has room.
struct OperatorNote {
    std::int64_t at_ms = 0;    // when it was said, epoch milliseconds
    std::int64_t until_ms = 0; // shelved: until then; 0: for good
    std::string by;            // principal; empty: nobody in particular, of a site without users
    std::string comment{};     // of an acknowledgement
    friend bool operator==(const OperatorNote&, const OperatorNote&) = default;
};

// Whether an operator found that there was something: alarms of a model are to be learnt from
// (label.hpp).
struct Judgement {
    bool is_true = false;
    OperatorNote note;
    friend bool operator==(const Judgement&, const Judgement&) = default;
};

[[nodiscard]] std::string_view to_string(const Judgement& label) noexcept; // true, false

// One alarm of one (source, name, key). A rule or a model raises it and clears it. The key stays
// the same for ever; each raise is an occurrence of its own.
struct Alarm {
    std::string source; // the rule's or model's name
    std::string name;   // ALARM 'name'
    std::string key;    // the PER value as text, e.g. the device
    std::string device; // empty where the key is not about one device
    AlarmState state = AlarmState::active;
    Severity severity = Severity::minor;
    std::string details_json; // JSON object: the row or the explanation that caused the last change
    std::int64_t raised_ms = 0; // event time, epoch milliseconds
    std::optional<std::int64_t> cleared_ms{};
    std::optional<std::int64_t> worsened_ms{}; // event time of its last rise in severity
    ClearReason reason = ClearReason::none;
    std::string occurrence;                     // occurrence_id() of the last raise
    std::optional<OperatorNote> acknowledged{}; // as the registry shows it; it is not stored here
    std::optional<OperatorNote> shelved{};
    std::optional<Judgement> label{}; // of the occurrence; as the registry shows it, likewise

    friend bool operator==(const Alarm&, const Alarm&) = default;
};

// The id of an alarm, over all its occurrences: 16 hex digits, the same for the same (source, name,
// key), for ever.
[[nodiscard]] std::string alarm_id(std::string_view source, std::string_view name,
                                   std::string_view key);
[[nodiscard]] inline std::string alarm_id(const Alarm& alarm) {
    return alarm_id(alarm.source, alarm.name, alarm.key);
}

// The id of one raise: 16 hex digits. `raise_number` counts the raises of the source where the
// alarm is kept, so that two of one moment differ; the same records give the same ids again.
[[nodiscard]] std::string occurrence_id(const Alarm& alarm, std::uint64_t raise_number);

// The alarm as it is when its rule or model is removed at `now_ms`.
[[nodiscard]] Alarm removed(Alarm alarm, std::int64_t now_ms);

// What goes into kKeyspace in the same append as the change's record
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
