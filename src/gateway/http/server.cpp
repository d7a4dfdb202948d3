#include <holdfast/gateway/http/server.hpp>

#include <gateway/http/session.hpp>
#include <holdfast/base/log_line.hpp>
#include <holdfast/gateway/http/problem.hpp>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <condition_variable>
#include <vector>

namespace holdfast::gateway {

namespace net = boost::asio;
using net::ip::tcp;

namespace {
constexpr auto as_values = net::as_tuple(net::use_awaitable);
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kCloseLimit{2};
} // namespace

HttpShared::HttpShared(const Router& routes, MemoryAccount& account, Metrics& metrics,
                       const HttpSettings& limits)
    : router(routes),
      memory(account),
      settings(limits),
      requests(metrics.counter("holdfast_http_requests", "HTTP requests received")),
      refused(metrics.counter("holdfast_http_refused", "HTTP requests answered with 4xx")),
      failed(metrics.counter("holdfast_http_failed", "HTTP requests answered with 5xx")),
      unrecognised(
          metrics.counter("holdfast_http_unrecognised", "HTTP requests answered with 401")),
      denied(metrics.counter("holdfast_http_denied", "HTTP requests answered with 403")) {}

void HttpShared::count_answer(unsigned status) noexcept {
    if (status >= 500) return failed.add();
    if (status >= 400) refused.add();
    if (status == 401) unrecognised.add();
    if (status == 403) denied.add();
}

class HttpServer::Impl {
public:
    Impl(std::span<net::io_context* const> io_contexts, const Router& router, MemoryAccount& memory,
         Metrics& metrics, const HttpSettings& settings)
        : shared_(std::make_shared<HttpShared>(router, memory, metrics, settings)),
          acceptor_(*io_contexts.front()),
          pause_(*io_contexts.front()) {
        for (net::io_context* io : io_contexts) workers_.push_back({io, {}});
    }

    Result<void> start(const std::string& address, std::uint16_t port) {
        boost::system::error_code error;
        const auto ip = net::ip::make_address(address, error);
        if (error) return fail(Errc::malformed, fmt::format("'{}' is not an address", address));
        const tcp::endpoint endpoint(ip, port);
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
        if (error)
            return fail(Errc::io, fmt::format("http cannot listen on {}:{}: {}", address, port,
                                              error.message()));
        port_ = acceptor_.local_endpoint(error).port();
        coroutines_ = 1;
        net::co_spawn(acceptor_.get_executor(), accept_loop(), net::detached);
        return ok();
    }

    void stop(std::chrono::milliseconds patience) {
        if (port_ == 0) return;
        shared_->is_stopping = true;
        net::post(acceptor_.get_executor(), [this] {
            boost::system::error_code ignored;
            acceptor_.close(ignored);
            pause_.cancel();
        });
        for_each_session(&HttpSession::finish);
        if (!wait_for_end(patience)) {
            for_each_session(&HttpSession::close);
            if (!wait_for_end(kCloseLimit))
                log_warn("http", "connections are left at the end of stop()");
        }
        shared_->gate->close();
        port_ = 0;
    }

    void follow_rights() { for_each_session(&HttpSession::follow_rights); }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] std::size_t connection_count() const noexcept { return shared_->connections; }

private:
    struct Worker {
        net::io_context* io;
        std::vector<std::weak_ptr<HttpSession>> sessions; // touched on io's thread only
    };

    void for_each_session(void (HttpSession::*what)()) {
        for (Worker& worker : workers_)
            net::post(*worker.io, [&worker, what] {
                for (const auto& weak : worker.sessions)
                    if (const auto session = weak.lock()) ((*session).*what)();
            });
    }

    bool wait_for_end(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return ended_.wait_for(lock, patience, [this] { return coroutines_ == 0; });
    }
    void coroutine_started() {
        const std::lock_guard lock(mutex_);
        ++coroutines_;
    }
    void coroutine_ended() {
        const std::lock_guard lock(mutex_);
        if (--coroutines_ == 0) ended_.notify_all();
    }

    net::awaitable<void> accept_loop() {
        std::size_t next = 0;
        while (!shared_->is_stopping) {
            Worker& worker = workers_[next++ % workers_.size()];
            auto [error, socket] = co_await acceptor_.async_accept(*worker.io, as_values);
            if (shared_->is_stopping) break;
            if (!error) {
                adopt(worker, std::move(socket));
                continue;
            }
            if (error == net::error::connection_aborted) continue;
            // Out of descriptors or memory: a connection that ends may give some back.
            log_warn("http", "cannot accept a connection: {}", error.message());
            pause_.expires_after(kAcceptPause);
            co_await pause_.async_wait(as_values);
        }
        coroutine_ended();
    }

    void adopt(Worker& worker, tcp::socket socket) {
        boost::system::error_code ignored; // both options only make it faster
        socket.set_option(tcp::no_delay(true), ignored);
        if (shared_->connections >= shared_->settings.connections_max) {
            refuse(socket);
            return;
        }
        auto session = HttpSession::make(std::move(socket), shared_);
        coroutine_started();
        net::post(*worker.io, [this, &worker, moved = std::move(session)]() mutable {
            std::erase_if(worker.sessions, [](const auto& weak) { return weak.expired(); });
            worker.sessions.push_back(moved);
            net::co_spawn(*worker.io, run(std::move(moved)), net::detached);
        });
    }

    net::awaitable<void> run(std::shared_ptr<HttpSession> session) {
        co_await session->run();
        session.reset();
        coroutine_ended();
    }

    // One try to say why; a client that does not take it at once learns it from the close.
    void refuse(tcp::socket& socket) {
        const auto answer = problem(503, "too many HTTP connections");
        const std::string text = fmt::format(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: {}\r\nRetry-After: 1\r\n"
            "Connection: close\r\nContent-Length: {}\r\n\r\n{}",
            answer.content_type, answer.body.size(), answer.body);
        boost::system::error_code ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(net::buffer(text), ignored);
        socket.shutdown(tcp::socket::shutdown_send, ignored);
    }

    const std::shared_ptr<HttpShared> shared_;
    std::vector<Worker> workers_;
    tcp::acceptor acceptor_;
    net::steady_timer pause_;
    std::uint16_t port_ = 0;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t coroutines_ = 0; // guarded by mutex_
};

HttpServer::HttpServer(std::span<net::io_context* const> io_contexts, const Router& router,
                       MemoryAccount& memory, Metrics& metrics, HttpSettings settings)
    : impl_(std::make_unique<Impl>(io_contexts, router, memory, metrics, settings)) {}
HttpServer::~HttpServer() = default;

Result<void> HttpServer::start(const std::string& address, std::uint16_t port) {
    return impl_->start(address, port);
}
std::uint16_t HttpServer::port() const noexcept {
    return impl_->port();
}
void HttpServer::stop(std::chrono::milliseconds patience) {
    impl_->stop(patience);
}
void HttpServer::follow_rights() {
    impl_->follow_rights();
}
std::size_t HttpServer::connection_count() const noexcept {
    return impl_->connection_count();
}

} // namespace holdfast::gateway
