#include <gateway/rest/json.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace holdfast::gateway {

void add_alarm_routes(Router& router, const RestParts& parts) {
    router.add(
        "GET", "/api/v1/alarms",
        on_queue(parts.work,
                 [&registry = parts.alarms](const HttpRequest& request) -> Result<HttpResponse> {
                     HF_TRY(request.expect_only({"state", "source", "limit"}));
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
                 }));
}

void add_service_routes(Router& router, const RestParts& parts) {
    router.add("GET", "/healthz", [](const HttpRequest&, const Reply& reply) {
        reply.send(json_response(boost::json::object{{"status", "ok"}}));
    });
    router.add("GET", "/readyz", [&log = parts.log](const HttpRequest&, const Reply& reply) {
        if (const auto refusing = log.refusing())
            return reply.send(problem(503, "appends are refused: " + refusing->context));
        reply.send(json_response(boost::json::object{{"status", "ready"}}));
    });
    router.add("GET", "/metrics",
               on_queue(parts.work,
                        [&metrics = parts.metrics](const HttpRequest&) -> Result<HttpResponse> {
                            return HttpResponse{
                                200,
                                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                                {},
                                metrics.render()};
                        }));
}

void add_rest_routes(Router& router, const RestParts& parts) {
    add_publish_routes(router, parts);
    add_produce_routes(router, parts);
    add_stream_routes(router, parts);
    add_group_routes(router, parts);
    add_record_routes(router, parts);
    add_alarm_routes(router, parts);
    add_rule_routes(router, parts);
    add_model_routes(router, parts);
    add_backup_route(router, parts);
    add_service_routes(router, parts);
    add_openapi_route(router);
}

} // namespace holdfast::gateway
