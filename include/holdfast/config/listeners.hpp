#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::config {

// An address to listen on.
struct Endpoint {
    std::string address;    // an IPv4 or IPv6 address, without brackets
    std::uint16_t port = 0; // 0 = a free one

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Whether clients have to show a certificate of `client_ca`.
enum class TlsClients : std::uint8_t { off, asked, required };

struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::filesystem::path client_ca; // unless `clients` is off
    TlsClients clients = TlsClients::off;
};

struct Listener {
    Endpoint endpoint;
    std::optional<TlsFiles> tls;    // none: in clear
    bool takes_anonymous = true;    // clients that do not say who they are
    std::vector<std::string> hosts; // that HTTP requests may name, in lower case
    std::string where;              // "holdfast.yaml:7: listeners.mqtt"; empty: a default
};

struct Listeners {
    std::vector<Listener> mqtt{{{"127.0.0.1", 1883}, {}, true, {}, {}}};
    std::vector<Listener> http{{{"127.0.0.1", 8080}, {}, true, {}, {}}};
};

[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

} // namespace holdfast::config
