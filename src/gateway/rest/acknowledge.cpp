#include <gateway/rest/json.hpp>
#include <holdfast/alarms/acknowledgement.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>

namespace holdfast::gateway {
namespace {

struct Asked {
    std::string comment;
    std::string occurrence; // empty: the one that there is
};

Result<std::string> text_of(std::string_view name, std::string_view json) {
    HF_TRY(const auto value, parse_json(json));
    if (const auto* text = value.if_string()) return std::string(*text);
    return fail(Errc::malformed, fmt::format("{}: a text is expected", name));
}

Result<Asked> read_asked(const HttpRequest& request) {
    Asked asked;
    if (request.body.empty()) return asked;
    HF_TRY(const auto members, json_members(request.body));
    for (const auto& [name, value] : members) {
        if (name != "comment" && name != "occurrence")
            return fail(Errc::malformed, fmt::format("'{}' is not known here", name));
        HF_TRY((name == "comment" ? asked.comment : asked.occurrence), text_of(name, value));
    }
    if (asked.comment.size() > alarms::kCommentBytesMax)
        return fail(Errc::malformed,
                    fmt::format("comment: at most {} bytes", alarms::kCommentBytesMax));
    return asked;
}

Result<HttpResponse> acknowledge(log::Log& log, alarms::Registry& registry, const Clock& clock,
                                 const HttpRequest& request) {
    HF_TRY(auto asked, read_asked(request));
    const std::string id(request.capture("id"));
    const auto alarm = registry.find(id);
    if (!alarm) return fail(Errc::not_found, fmt::format("there is no alarm '{}'", id));
    if (!asked.occurrence.empty() && asked.occurrence != alarm->occurrence)
        return fail(Errc::already_exists,
                    fmt::format("the alarm was raised again: its occurrence is '{}' now",
                                alarm->occurrence));
    alarms::Acknowledgement said{id, alarm->occurrence, {}};
    said.note.at_ms = clock.now_ms();
    said.note.by = request.caller->principal.name;
    said.note.comment = std::move(asked.comment);
    HF_TRY(log::StateWrite::write(log, {alarms::state_change(said)}));
    registry.acknowledge(said);
    alarms::Alarm shown = *alarm; // of the occurrence that was acknowledged, whatever came since
    shown.acknowledged = said.note;
    HttpResponse response;
    response.body = alarms::to_json(shown);
    response.note =
        fmt::format("'{}' of '{}', raised by '{}'{}{}", alarm->name, alarm->key, alarm->source,
                    said.note.comment.empty() ? "" : ": ", said.note.comment);
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
