#include <gateway/rest/json.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <cstddef>
#include <string>

namespace holdfast::gateway {
namespace {

Result<HttpResponse> list(const alarms::Registry& registry, const HttpRequest& request) {
    alarms::Registry::Filter filter;
    const auto state = request.query_value("state");
    if (state == "active")
        filter.state = alarms::AlarmState::active;
    else if (state == "cleared")
        filter.state = alarms::AlarmState::cleared;
    else if (state)
        return fail(Errc::malformed, "state: only active and cleared are known");
    filter.source = request.query_value("source").value_or("");
    HF_TRY(const auto limit, request.integer("limit", 100, 1, 10'000));
    filter.limit = static_cast<std::size_t>(limit);
    std::string body = "[";
    for (const auto& alarm : registry.list(filter))
        body += (body.size() > 1 ? "," : "") + alarms::to_json(alarm);
    return HttpResponse{200, "application/json", {}, body + "]"};
}

} // namespace

void add_alarm_routes(Router& router, const alarms::Registry& registry, WorkQueue& queue) {
    router.add("GET", "/api/v1/alarms", {"state", "source", "limit"},
               on_queue(queue, [&registry](const HttpRequest& request) {
                   return list(registry, request);
               }));
}

} // namespace holdfast::gateway
