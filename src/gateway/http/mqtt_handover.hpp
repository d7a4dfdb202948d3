#pragma once

#include <gateway/http/request_reader.hpp>
#include <gateway/http/stream.hpp>
#include <holdfast/broker/peer.hpp>
#include <holdfast/gateway/http/server.hpp>

#include <string>
#include <variant>

namespace holdfast::gateway {

// MQTT over WebSocket that comes by an HTTP listener: its first request is HTTP, and afterwards the
// connection is a shard's like any other MQTT connection.

// Whether an admitted request asks for that.
[[nodiscard]] bool is_mqtt(const HttpRequest& request, const HttpDoor& door);
// What opens it.
struct OpenedMqtt {
    std::string head; // of the answer
    broker::Peer peer;
};
// Or the answer that says why not: as of ws::open(); 503 where there are enough MQTT connections,
// 429 where its address has enough. `reader` has just read the request's head.
[[nodiscard]] std::variant<OpenedMqtt, HttpResponse> opened_mqtt(const HttpRequest& request,
                                                                 const RequestReader& reader,
                                                                 HttpStream& stream,
                                                                 const MqttOverHttp& to);
// Gives the connection to a shard, once the answer is sent, with what was read beyond the request.
void hand_over(HttpStream& stream, RequestReader& reader, broker::Peer peer,
               const MqttOverHttp& to);

} // namespace holdfast::gateway
