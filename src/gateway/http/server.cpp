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
#include <mutex>
#include <utility>
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
      denied(metrics.counter("holdfast_http_denied", "HTTP requests answered with 403")),
      notes(metrics) {}

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
          accepting_(*io_contexts.front()) {
        for (net::io_context* io : io_contexts)
            workers_.push_back({io, std::make_shared<Sessions>()});
    }

    Result<void> listen(const std::string& address, std::uint16_t port, HttpDoor door) {
        boost::system::error_code error;
        const auto ip = net::ip::make_address(address, error);
        if (error) return fail(Errc::malformed, fmt::format("'{}' is not an address", address));
        const tcp::endpoint endpoint(ip, port);
        auto listener = std::make_unique<Listener>(accepting_, std::move(door));
        tcp::acceptor& acceptor = listener->acceptor;
        acceptor.open(endpoint.protocol(), error);
        if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error) acceptor.bind(endpoint, error);
        if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
        if (error)
            return fail(Errc::io, fmt::format("http cannot listen on {}:{}: {}", address, port,
                                              error.message()));
        listener->port = acceptor.local_endpoint(error).port();
        listeners_.push_back(std::move(listener));
        return ok();
    }

    void start() {
        is_started_ = true;
        coroutines_ = listeners_.size();
        for (const auto& listener : listeners_)
            net::co_spawn(accepting_, accept_loop(*listener), net::detached);
    }

    void stop(std::chrono::milliseconds patience) {
        if (!std::exchange(is_started_, false)) return;
        shared_->is_stopping = true;
        coroutine_started(); // the loops may end before this runs
        net::post(accepting_, [this] {
            boost::system::error_code ignored;
            for (const auto& listener : listeners_) {
                listener->acceptor.close(ignored);
                listener->pause.cancel();
            }
            coroutine_ended();
        });
        for_each_session(&HttpSession::finish);
        if (!wait_for_end(patience)) {
            for_each_session(&HttpSession::close);
            if (!wait_for_end(kCloseLimit))
                log_warn("http", "connections are left at the end of stop()");
        }
        shared_->gate->close();
    }

    void follow_rights() { for_each_session(&HttpSession::follow_rights); }
    [[nodiscard]] std::uint16_t port(std::size_t listener) const noexcept {
        return listeners_[listener]->port;
    }
    [[nodiscard]] std::size_t connection_count() const noexcept { return shared_->connections; }

private:
    struct Listener {
        Listener(net::io_context& io, HttpDoor its_door)
            : acceptor(io), pause(io), door(std::make_shared<HttpDoor>(std::move(its_door))) {}
        tcp::acceptor acceptor;
        net::steady_timer pause;
        const std::shared_ptr<const HttpDoor> door;
        std::uint16_t port = 0;
    };
    using Sessions = std::vector<std::weak_ptr<HttpSession>>;
    struct Worker {
        net::io_context* io;
        std::shared_ptr<Sessions> sessions; // touched on io's thread only
    };

    void for_each_session(void (HttpSession::*what)()) {
        // Of a worker without sessions nobody waits for the end: it may come after ours.
        for (const Worker& worker : workers_)
            net::post(*worker.io, [sessions = worker.sessions, what] {
                for (const auto& weak : *sessions)
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

    net::awaitable<void> accept_loop(Listener& listener) {
        while (!shared_->is_stopping) {
            Worker& worker = workers_[next_++ % workers_.size()];
            auto [error, socket] = co_await listener.acceptor.async_accept(*worker.io, as_values);
            if (shared_->is_stopping) break;
            if (!error) {
                adopt(worker, std::move(socket), listener.door);
                continue;
            }
            if (error == net::error::connection_aborted) continue;
            // Out of descriptors or memory: a connection that ends may give some back.
            log_warn("http", "cannot accept a connection: {}", error.message());
            listener.pause.expires_after(kAcceptPause);
            co_await listener.pause.async_wait(as_values);
        }
        coroutine_ended();
    }

    void adopt(Worker& worker, tcp::socket socket, std::shared_ptr<const HttpDoor> door) {
        boost::system::error_code ignored; // both options only make it faster
        socket.set_option(tcp::no_delay(true), ignored);
        if (shared_->connections >= shared_->settings.connections_max) {
            if (door->tls == nullptr) refuse(socket);
            return;
        }
        auto session = HttpSession::make(std::move(socket), shared_, std::move(door));
        coroutine_started();
        net::post(*worker.io, [this, &worker, moved = std::move(session)]() mutable {
            std::erase_if(*worker.sessions, [](const auto& weak) { return weak.expired(); });
            worker.sessions->push_back(moved);
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
    net::io_context& accepting_; // the first worker's
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::size_t next_ = 0; // worker
    bool is_started_ = false;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t coroutines_ = 0; // guarded by mutex_
};

HttpServer::HttpServer(std::span<net::io_context* const> io_contexts, const Router& router,
                       MemoryAccount& memory, Metrics& metrics, HttpSettings settings)
    : impl_(std::make_unique<Impl>(io_contexts, router, memory, metrics, settings)) {}
HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(const std::string& address, std::uint16_t port, HttpDoor door) {
    return impl_->listen(address, port, std::move(door));
}
std::uint16_t HttpServer::port(std::size_t listener) const noexcept {
    return impl_->port(listener);
}
void HttpServer::start() {
    impl_->start();
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
