#include <gateway/rest/alarm_note.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

// Empty: the label is to go.
Result<std::optional<bool>> read_label(const AlarmNote& asked) {
    if (asked.label) {
        HF_TRY(const auto value, parse_json(*asked.label));
        if (value.is_null()) return std::optional<bool>();
        if (value == "true") return std::optional(true);
        if (value == "false") return std::optional(false);
    }
    return fail(Errc::malformed, "label: \"true\", \"false\" or null is expected");
}

// Of the present occurrence, or of an earlier one that has a label: that may be set right.
Result<alarms::Label> labelled(const alarms::Registry& registry, const alarms::Alarm& alarm,
                               const AlarmNote& asked) {
    if (!asked.occurrence.empty())
        if (auto known = registry.find_label(alarms::alarm_id(alarm), asked.occurrence))
            return *std::move(known);
    HF_TRY(check_occurrence(asked, alarm));
    return alarms::label_of(alarm, {});
}

Result<HttpResponse> label(log::Log& log, alarms::Registry& registry, const Clock& clock,
                           const HttpRequest& request) {
    HF_TRY(auto asked, read_alarm_note(request, true));
    HF_TRY(const auto is_true, read_label(asked));
    const std::string id(request.capture("id"));
    auto alarm = registry.find(id);
    if (!alarm) return fail(Errc::not_found, fmt::format("there is no alarm '{}'", id));
    HF_TRY(auto said, labelled(registry, *alarm, asked));
    said.said = {is_true.value_or(false), note_of(request, clock, std::move(asked))};
    if (is_true) {
        HF_TRY(log::StateWrite::write(log, registry.changes_for(said)));
        registry.label(said);
    } else {
        HF_TRY(log::StateWrite::write(log, {alarms::removal_of(said)}));
        registry.unlabel(said);
    }
    if (said.occurrence == alarm->occurrence) // whatever came since
        alarm->label = is_true ? std::optional(said.said) : std::nullopt;
    HttpResponse response;
    response.body = alarms::to_json(*alarm);
    const std::string what =
        fmt::format("occurrence {} is {}", said.occurrence,
                    is_true ? alarms::to_string(said.said) : "without a label");
    response.note = audit_note(*alarm, what, said.said.note.comment);
    return response;
}

} // namespace

void add_label_route(Router& router, log::Log& log, alarms::Registry& alarms, const Clock& clock,
                     WorkQueue& queue) {
    router.add("POST", "/api/v1/alarms/{id}/label", {},
               Right::area(access::Action::manage, "alarms"),
               on_queue(queue, [&log, &alarms, &clock](const HttpRequest& request) {
                   return label(log, alarms, clock, request);
               }));
}

} // namespace holdfast::gateway
