#include <holdfast/gateway/mqtt/listener.hpp>

#include <holdfast/base/log_line.hpp>

#include <boost/asio/post.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <future>
#include <utility>

namespace holdfast::gateway {
namespace {

using boost::asio::ip::tcp;

constexpr int kAcceptsPerTurn = 16;
constexpr std::chrono::milliseconds kPause{200}; // when the process has no descriptor left
constexpr std::chrono::seconds kNoteInterval{1}; // strangers must not fill the server's own log

std::string text_of(const sockaddr_storage& address) {
    tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), &address, std::min(endpoint.capacity(), sizeof address));
    return endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

} // namespace

MqttListener::MqttListener(std::span<ShardThread* const> shards, MqttListenerSettings settings)
    : shards_(shards),
      settings_(std::move(settings)),
      acceptor_(shards.front()->io()),
      pause_timer_(shards.front()->io()) {}

Result<void> MqttListener::start(const std::string& address, std::uint16_t port) {
    boost::system::error_code error;
    const auto parsed = boost::asio::ip::make_address(address, error);
    if (error) return fail(Errc::malformed, "'" + address + "' is not an IP address");
    const tcp::endpoint endpoint(parsed, port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(4096, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (error)
        return fail(Errc::io, "cannot listen on " + address + ":" + std::to_string(port) + ": " +
                                  error.message());
    port_ = acceptor_.local_endpoint().port();
    wait();
    return ok();
}

void MqttListener::wait() {
    acceptor_.async_wait(tcp::acceptor::wait_read, [this](const boost::system::error_code& error) {
        if (!error) accept_some();
    });
}

void MqttListener::accept_some() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        sockaddr_storage peer{};
        socklen_t peer_bytes = sizeof peer;
        const int fd = ::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                                 &peer_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) continue;
            if (errno == EAGAIN) break;
            pause(); // EMFILE and its like: the listener must neither spin nor end
            return;
        }
        if (connection_count() >= settings_.connections_max) {
            ++refused_;
            if (may_note())
                log_warn("mqtt", "{} connections refused so far, the last from {}: {} are open",
                         refused_, text_of(peer), settings_.connections_max);
            ::close(fd);
            continue;
        }
        broker::Peer from{text_of(peer), {}, settings_.door};
        if (settings_.addresses != nullptr &&
            !admit(reinterpret_cast<const sockaddr&>(peer), from)) {
            ::close(fd);
            continue;
        }
        const int on = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        shards_[next_shard_]->adopt(fd, std::move(from),
                                    settings_.tls != nullptr ? settings_.tls->current() : nullptr);
        next_shard_ = (next_shard_ + 1) % shards_.size();
    }
    wait();
}

bool MqttListener::admit(const sockaddr& address, broker::Peer& peer) {
    using Verdict = AddressLimits::Verdict;
    auto answer = settings_.addresses->admit(network_of(address), std::chrono::steady_clock::now());
    peer.place = std::move(answer.place);
    if (answer.verdict == Verdict::taken) return true;
    peer.turned_away = answer.verdict == Verdict::too_fast ? broker::TurnedAway::too_fast
                                                           : broker::TurnedAway::too_many;
    ++turned_away_;
    if (may_note())
        log_warn("mqtt", "{} connections turned away so far, the last from {}: its address {}",
                 turned_away_, peer.address,
                 answer.verdict == Verdict::too_fast ? "connects too often"
                                                     : "has too many connections");
    return peer.place != nullptr;
}

void MqttListener::pause() {
    if (may_note()) log_error("mqtt", "cannot accept connections: {}", std::strerror(errno));
    pause_timer_.expires_after(kPause);
    pause_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) wait();
    });
}

bool MqttListener::may_note() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_note_) return false;
    next_note_ = now + kNoteInterval;
    return true;
}

std::size_t MqttListener::connection_count() const {
    std::size_t sum = 0;
    for (const ShardThread* shard : shards_) sum += shard->connection_count();
    return sum;
}

void MqttListener::stop() {
    std::promise<void> stopped;
    auto close = [this, &stopped] {
        boost::system::error_code ignored; // it is going away whatever it says
        acceptor_.close(ignored);
        pause_timer_.cancel();
        stopped.set_value();
    };
    boost::asio::post(acceptor_.get_executor(), close);
    stopped.get_future().wait();
}

} // namespace holdfast::gateway
