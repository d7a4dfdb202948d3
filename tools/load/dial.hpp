#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::load {

// Where the server is. `host` is a name or an address.
struct Endpoint {
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
};

// An open socket that the caller closes or gives to a Link.
struct Session {
    int socket = -1;
    std::uint16_t receive_maximum = 65'535; // what the server lets us have in flight
};

// Connects a blocking socket with TCP_NODELAY and time-outs of 10 s. Errors: io, naming the
// endpoint and the system's reason.
[[nodiscard]] Result<int> dial_tcp(const Endpoint& endpoint);

// Also does CONNECT and CONNACK, and SUBSCRIBE and SUBACK where `filter` is not empty; the
// socket is non-blocking afterwards. Errors: io; denied, with the server's code; malformed.
[[nodiscard]] Result<Session> dial_mqtt(const Endpoint& endpoint, mqtt::Version version,
                                        std::string_view client_id, std::string_view filter = {},
                                        unsigned filter_qos = 0);

} // namespace holdfast::load
