#include <gateway/rest/alarm_note.hpp>

#include <gateway/rest/json.hpp>
#include <holdfast/alarms/acknowledgement.hpp>
#include <holdfast/gateway/http/caller.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::gateway {
namespace {

Result<std::string> text_of(std::string_view name, std::string_view json) {
    HF_TRY(const auto value, parse_json(json));
    if (const auto* text = value.if_string()) return std::string(*text);
    return fail(Errc::malformed, fmt::format("{}: a text is expected", name));
}

} // namespace

Result<AlarmNote> read_alarm_note(const HttpRequest& request, bool takes_label) {
    AlarmNote asked;
    if (request.body.empty()) return asked;
    HF_TRY(const auto members, json_members(request.body));
    for (const auto& [name, value] : members) {
        if (takes_label && name == "label") {
            asked.label = value;
            continue;
        }
        if (name != "comment" && name != "occurrence")
            return fail(Errc::malformed, fmt::format("'{}' is not known here", name));
        HF_TRY((name == "comment" ? asked.comment : asked.occurrence), text_of(name, value));
    }
    if (asked.comment.size() > alarms::kCommentBytesMax)
        return fail(Errc::malformed,
                    fmt::format("comment: at most {} bytes", alarms::kCommentBytesMax));
    return asked;
}

Result<void> check_occurrence(const AlarmNote& asked, const alarms::Alarm& alarm) {
    if (asked.occurrence.empty() || asked.occurrence == alarm.occurrence) return ok();
    return fail(
        Errc::already_exists,
        fmt::format("the alarm was raised again: its occurrence is '{}' now", alarm.occurrence));
}

alarms::OperatorNote note_of(const HttpRequest& request, const Clock& clock, AlarmNote asked) {
    alarms::OperatorNote note;
    note.at_ms = clock.now_ms();
    note.by = request.caller->principal.name;
    note.comment = std::move(asked.comment);
    return note;
}

std::string audit_note(const alarms::Alarm& alarm, std::string_view what,
                       std::string_view comment) {
    std::string note =
        fmt::format("'{}' of '{}', raised by '{}'", alarm.name, alarm.key, alarm.source);
    for (const std::string_view each : {what, comment}) {
        if (each.empty()) continue;
        note += ": ";
        note += each;
    }
    return note;
}

} // namespace holdfast::gateway
