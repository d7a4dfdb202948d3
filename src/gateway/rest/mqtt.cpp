#include <gateway/ws/upgrade.hpp>
#include <holdfast/gateway/http/problem.hpp>
#include <holdfast/gateway/rest/api.hpp>

#include <utility>
#include <variant>

namespace holdfast::gateway {

// A request that opens a WebSocket never comes here, where the listener takes MQTT.
void add_mqtt_route(Router& router) {
    router.add("GET", ws::kMqttPath, {}, Right::open("MQTT's CONNECT, behind it, says who it is"),
               [](const HttpRequest& request, const Reply& reply) {
                   auto opened = ws::open(request);
                   auto* refusal = std::get_if<HttpResponse>(&opened);
                   reply.send(refusal != nullptr
                                  ? std::move(*refusal)
                                  : problem(501, "no MQTT over WebSocket at this listener"));
               });
}

} // namespace holdfast::gateway
