#pragma once

#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/http/router.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::broker {
struct Door;
}
namespace holdfast::identity {
class Authenticator;
}

namespace holdfast::gateway {

class AddressLimits;
class RequestWatch;
class ShardThread;
class TlsCredentials;

// Where MQTT over WebSocket goes that comes by a listener (GET /mqtt).
struct MqttOverHttp {
    std::span<ShardThread* const> shards; // they outlive the server; dealt out to in turn
    std::size_t connections_max = 0;      // of all MQTT connections; beyond: 503
    std::shared_ptr<const broker::Door> door{};
    AddressLimits* addresses = nullptr; // outlives the server; beyond: 429. Null: no limit
};

// One listener: who is let in, and under which names the server is reached.
struct HttpDoor {
    identity::Authenticator* identity = nullptr; // null: everybody may do everything
    bool takes_anonymous = true;                 // requests that do not say who sends them
    RequestWatch* watch = nullptr;               // hears of refusals and changes; null: nobody does
    std::vector<std::string> hosts{};    // that Host may name, in lower case (check_origin())
    const TlsCredentials* tls = nullptr; // outlives the server; null: in clear
    std::optional<MqttOverHttp> mqtt{};  // none: /mqtt is nothing but its route
};

struct HttpSettings {
    std::uint32_t header_bytes_max = 16'384; // request line and headers: 431, 414
    std::uint64_t body_bytes_max = 8U << 20U;
    std::chrono::milliseconds idle_limit{60'000};      // between requests: closed without a word
    std::chrono::milliseconds request_limit{30'000};   // to receive one request: 408; to send one
    std::size_t connections_max = 1'024;               // beyond: 503 and closed
    std::chrono::milliseconds handshake_limit{10'000}; // of TLS: closed, as beyond the next
    std::size_t handshakes_max = 256;                  // under way at once
};

// HTTP/1.1, in clear or over TLS, on one address or several. Sockets are dealt out to the
// io_contexts, each run by one thread. Limits and counters are those of all listeners together.
//
// Who sends a request, and whether he may, is settled before its body is read. Without users only
// clients of this machine are served; no foreign page reaches us through a browser, with users or
// without (check_origin()). Requests of one connection are answered one after the other, in order.
class HttpServer {
public:
    // All arguments outlive the server; the io_contexts outlive it and all handlers under way.
    HttpServer(std::span<boost::asio::io_context* const> io_contexts, const Router& router,
               MemoryAccount& memory, Metrics& metrics, HttpSettings settings = {});
    ~HttpServer(); // stop() must have returned, if start() was called

    // Binds one more address; port 0 picks a free one. Before start(). Errors: io, naming the
    // address; malformed address.
    [[nodiscard]] Result<void> listen(const std::string& address, std::uint16_t port,
                                      HttpDoor door);
    // Of a listener, counted in the order of listen().
    [[nodiscard]] std::uint16_t port(std::size_t listener = 0) const noexcept;
    void start(); // accepts connections, on all of them
    // No new connections; idle ones are closed, requests under way get `patience` to be answered.
    // Not on an io_context's thread, and while these run. No handler is called after it returns.
    void stop(std::chrono::milliseconds patience);
    // Users or rights have changed: answers that go on end where their caller may not have them any
    // more. Any thread.
    void follow_rights();
    [[nodiscard]] std::size_t connection_count() const noexcept;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::gateway
