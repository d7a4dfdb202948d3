#include <gateway/rest/alarm_note.hpp>
#include <gateway/rest/json.hpp>
#include <holdfast/alarms/acknowledgement.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

Result<HttpResponse> acknowledge(log::Log& log, alarms::Registry& registry, const Clock& clock,
                                 const HttpRequest& request) {
    HF_TRY(auto asked, read_alarm_note(request));
    const std::string id(request.capture("id"));
    const auto alarm = registry.find(id);
    if (!alarm) return fail(Errc::not_found, fmt::format("there is no alarm '{}'", id));
    HF_TRY(check_occurrence(asked, *alarm));
    alarms::Acknowledgement said{id, alarm->occurrence, {}};
    said.note = note_of(request, clock, std::move(asked));
    HF_TRY(log::StateWrite::write(log, {alarms::state_change(said)}));
    registry.acknowledge(said);
    alarms::Alarm shown = *alarm; // of the occurrence that was acknowledged, whatever came since
    shown.acknowledged = said.note;
    HttpResponse response;
    response.body = alarms::to_json(shown);
    response.note = audit_note(*alarm, "", said.note.comment);
    return response;
}

} // namespace

void add_acknowledge_route(Router& router, log::Log& log, alarms::Registry& alarms,
                           const Clock& clock, WorkQueue& queue) {
    router.add("POST", "/api/v1/alarms/{id}/ack", {}, Right::area(access::Action::manage, "alarms"),
               on_queue(queue, [&log, &alarms, &clock](const HttpRequest& request) {
                   return acknowledge(log, alarms, clock, request);
               }));
}

} // namespace holdfast::gateway
