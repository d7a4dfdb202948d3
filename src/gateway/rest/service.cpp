#include <gateway/rest/json.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/http/caller.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/log/log.hpp>

#include <boost/json/object.hpp>

namespace holdfast::gateway {

void add_service_routes(Router& router, const log::Log& log, const Metrics& metrics,
                        WorkQueue& queue) {
    router.add("GET", "/healthz", {},
               Right::open("a load balancer has no name, and it tells nothing but that we live"),
               [](const HttpRequest&, const Reply& reply) {
                   reply.send(json_response(boost::json::object{{"status", "ok"}}));
               });
    router.add("GET", "/readyz", {}, Right::open("as above; why it is not ready is not for all"),
               [&log](const HttpRequest& request, const Reply& reply) {
                   const bool may_know = request.caller->rights.allows(
                       access::Action::read, access::Resource::area("metrics"));
                   if (const auto refusing = log.refusing())
                       return reply.send(
                           problem(503, may_know ? "appends are refused: " + refusing->context
                                                 : "appends are refused"));
                   reply.send(json_response(boost::json::object{{"status", "ready"}}));
               });
    router.add("GET", "/metrics", {}, Right::area(access::Action::read, "metrics"),
               on_queue(queue, [&metrics](const HttpRequest&) -> Result<HttpResponse> {
                   return HttpResponse{200,
                                       "application/openmetrics-text; version=1.0.0; charset=utf-8",
                                       {},
                                       metrics.render()};
               }));
}

} // namespace holdfast::gateway
