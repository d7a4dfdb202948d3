#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::config {

// An address to listen on.
struct Endpoint {
    std::string address;    // an IPv4 or IPv6 address, without brackets
    std::uint16_t port = 0; // 0 = a free one

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Listeners {
    std::optional<Endpoint> mqtt = Endpoint{"127.0.0.1", 1883};
    std::optional<Endpoint> http = Endpoint{"127.0.0.1", 8080};
};

} // namespace holdfast::config
