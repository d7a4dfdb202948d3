#pragma once

#include <holdfast/gateway/http/message.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace holdfast::gateway::ws {

// Where HTTP listeners take MQTT over WebSocket.
inline constexpr std::string_view kMqttPath = "/mqtt";

// The server's half of the opening handshake (RFC 6455 section 4.2) with the subprotocol `mqtt`, or
// `mqttv3.1` of old clients [MQTT5-6.0.0-3]. Host and Origin were checked before (check_origin()).
//
// Gives the whole head of the answer, 101; or the answer that says what is wrong: 426 where the
// request is no WebSocket's or of another version, 400.
[[nodiscard]] std::variant<std::string, HttpResponse> open(const HttpRequest& request);

} // namespace holdfast::gateway::ws
