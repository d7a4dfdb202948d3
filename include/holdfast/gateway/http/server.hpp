#pragma once

#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/http/router.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace holdfast::identity {
class Authenticator;
}

namespace holdfast::gateway {

// Who is let in, and under which names the server is reached.
struct HttpDoor {
    identity::Authenticator* identity = nullptr; // null: everybody may do everything
    bool takes_anonymous = true;                 // requests that do not say who sends them
    bool is_tls = false;
    std::vector<std::string> hosts{}; // that Host may name, in lower case (check_origin())
};

struct HttpSettings {
    std::uint32_t header_bytes_max = 16'384; // request line and headers: 431, 414
    std::uint64_t body_bytes_max = 8U << 20U;
    std::chrono::milliseconds idle_limit{60'000};    // between requests: closed without a word
    std::chrono::milliseconds request_limit{30'000}; // to receive one request: 408; to send one
    std::size_t connections_max = 1'024;             // beyond: 503 and closed
    HttpDoor door{};
};

// HTTP/1.1 on one address. Sockets are dealt out to the io_contexts, each run by one thread.
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

    // Port 0 picks a free one. Errors: io, naming the address; malformed address.
    [[nodiscard]] Result<void> start(const std::string& address, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const noexcept;
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
