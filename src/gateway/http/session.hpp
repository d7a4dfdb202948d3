#pragma once

#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/gateway/http/server.hpp>
#include <holdfast/gateway/tls/handshake_notes.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <memory>

namespace holdfast::gateway {

// What all sessions of a server share. Held by each of them: one that its io_context destroys may
// be the last to go. Router, account and metrics outlive all.
struct HttpShared {
    HttpShared(const Router& routes, MemoryAccount& account, Metrics& metrics,
               const HttpSettings& limits);

    void count_answer(unsigned status) noexcept;

    const Router& router;
    MemoryAccount& memory;
    const HttpSettings settings;
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();
    Counter& requests;
    Counter& refused;      // answered with 4xx
    Counter& failed;       // answered with 5xx
    Counter& unrecognised; // answered with 401; among those refused, as the next
    Counter& denied;       // answered with 403
    HandshakeNotes notes;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> handshakes{0}; // of TLS, under way
    std::atomic<bool> is_stopping{false};
};

// One HTTP connection: shakes hands where the door has TLS, reads a request, waits for its reply,
// writes it, and so on. Lives on the thread of its socket's io_context; kept alive by its
// coroutine.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    virtual ~HttpSession() = default;
    [[nodiscard]] static std::shared_ptr<HttpSession> make(boost::asio::ip::tcp::socket socket,
                                                           std::shared_ptr<HttpShared> shared,
                                                           std::shared_ptr<const HttpDoor> door);

    [[nodiscard]] virtual boost::asio::awaitable<void> run() = 0;
    // Closes it if no request is under way, else after its reply.
    virtual void finish() = 0;
    virtual void close() = 0;
    // Ends an answer that its caller may not have any more.
    virtual void follow_rights() = 0;
};

} // namespace holdfast::gateway
