#include <holdfast/gateway/mqtt/shard_thread.hpp>

#include "gateway/mqtt/backlog.hpp"
#include "gateway/mqtt/lingering.hpp"
#include "gateway/mqtt/poller.hpp"

#include <holdfast/base/log_line.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kReadBufferBytes = 256 * 1024;
constexpr std::size_t kHandlersPerTurn = 256; // an unbounded turn would not end under load
constexpr std::size_t kIovMax = 1024;         // IOV_MAX of Linux
constexpr std::size_t kWritePieces = 64;      // of one connection, at each readiness
constexpr std::chrono::seconds kTick{1};

std::size_t sum_of(std::span<const iovec> pieces) {
    std::size_t sum = 0;
    for (const iovec& piece : pieces) sum += piece.iov_len;
    return sum;
}

// Takes what the peer has sent and nobody will read, up to a bound; gives whether there was any.
// Not into the buffer that connections are read into: a packet in there may be why this one is
// closed.
bool drain(int fd) {
    std::array<std::byte, 16 * 1024> unread; // filled by the kernel
    constexpr int kReadsMax = 16;
    int reads = 0;
    while (reads < kReadsMax && ::recv(fd, unread.data(), unread.size(), MSG_DONTWAIT) > 0) ++reads;
    return reads != 0;
}

ssize_t send_now(int fd, std::span<const iovec> pieces) {
    constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
    if (pieces.size() == 1) // acknowledgements, mostly
        return ::send(fd, pieces[0].iov_base, pieces[0].iov_len, kFlags);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data()); // sendmsg does not write there
    message.msg_iovlen = pieces.size();
    return ::sendmsg(fd, &message, kFlags);
}

// A socket on its way from one shard's thread to another's.
struct MovingSocket final : broker::MovingConnection {
    explicit MovingSocket(int socket) : fd(socket) {}
    ~MovingSocket() override {
        if (fd >= 0) ::close(fd);
    }
    MovingSocket(const MovingSocket&) = delete;
    MovingSocket& operator=(const MovingSocket&) = delete;
    int fd;
};

} // namespace

struct ShardThread::Timer {
    explicit Timer(boost::asio::io_context& io) : tick(io), hold(io), work(io.get_executor()) {}
    boost::asio::steady_timer tick;
    boost::asio::steady_timer hold;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
};

struct ShardThread::Connection {
    int fd = -1;
    bool peer_is_gone = false;
    Backlog unsent; // EPOLLOUT is asked for while there is something in it
};

struct ShardThread::Sockets {
    explicit Sockets(MemoryAccount& memory) : lingering(memory) {}
    std::deque<Connection> of_slot; // a deque never moves them
    Lingering lingering;
    std::span<const Poller::Event> ready; // found by the last poll and not served yet

    void make_room(std::uint32_t slot) {
        if (of_slot.size() <= slot) of_slot.resize(slot + 1);
    }
};

ShardThread::ShardThread(std::uint16_t index, broker::Broker& broker)
    : poller_(std::make_unique<Poller>(io_)),
      timer_(std::make_unique<Timer>(io_)),
      sockets_(std::make_unique<Sockets>(broker.memory())),
      read_buffer_(std::make_unique_for_overwrite<std::byte[]>(kReadBufferBytes)),
      shard_(index, broker, *this) {}

ShardThread::~ShardThread() {
    for (const Connection& connection : sockets_->of_slot)
        if (connection.fd >= 0) ::close(connection.fd);
}

void ShardThread::start() {
    arm();
    start_ticking();
    thread_ = std::thread([this] { run(); });
}

void ShardThread::run() {
    while (io_.run_one() != 0) {
        for (std::size_t i = 0; i < kHandlersPerTurn && shard_.has_output(); ++i)
            if (io_.poll_one() == 0) break;
        shard_.end_turn();
        if (shard_.holds() && !is_holding_) start_hold();
        if (!is_armed_ && !is_stopping_ && shard_.wants_input()) arm();
        if (is_stopping_ && (shard_.is_idle() || std::chrono::steady_clock::now() > stop_deadline_))
            io_.stop();
    }
}

void ShardThread::stop(std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    boost::asio::post(io_, [this, deadline] { begin_stop(deadline); });
    if (thread_.joinable()) thread_.join();
}

void ShardThread::begin_stop(std::chrono::steady_clock::time_point deadline) {
    is_stopping_ = true;
    stop_deadline_ = deadline;
    poller_->cancel();
    shard_.close_all();
}

void ShardThread::post(std::function<void(broker::Shard&)> task) {
    boost::asio::post(io_, [this, task = std::move(task)] { shard_.run(task); });
}

void ShardThread::adopt(int fd, broker::Peer peer) {
    connection_count_.fetch_add(1, std::memory_order_relaxed);
    auto take = [this, fd, peer = std::move(peer)] { watch(shard_.open(peer), fd); };
    boost::asio::post(io_, std::move(take));
}

void ShardThread::watch(std::uint32_t slot, int fd) {
    sockets_->make_room(slot);
    sockets_->of_slot[slot].fd = fd;
    if (const auto added = poller_->add(fd, slot); !added) {
        log_error("mqtt", "a connection was dropped: {}", added.error().context);
        shard_.on_hang_up(slot, "cannot be watched");
    }
}

void ShardThread::move(std::uint32_t from, std::uint32_t to) {
    sockets_->make_room(to);
    Connection& moved = sockets_->of_slot[to];
    moved = std::exchange(sockets_->of_slot[from], Connection{});
    poller_->want_writable(moved.fd, to, !moved.unsent.empty());
}

std::unique_ptr<broker::MovingConnection> ShardThread::release(std::uint32_t slot) {
    const Connection connection = std::exchange(sockets_->of_slot[slot], Connection{});
    connection_count_.fetch_sub(1, std::memory_order_relaxed);
    poller_->remove(connection.fd);
    return std::make_unique<MovingSocket>(connection.fd);
}

void ShardThread::take_in(std::uint32_t slot, std::unique_ptr<broker::MovingConnection> moving) {
    auto& socket = static_cast<MovingSocket&>(*moving); // of another shard's release()
    connection_count_.fetch_add(1, std::memory_order_relaxed);
    watch(slot, std::exchange(socket.fd, -1));
}

void ShardThread::arm() {
    is_armed_ = true;
    poller_->async_wait([this] { on_ready(); });
}

// What a full group leaves unserved is served first afterwards: a few connections that always have
// something to say must not silence those behind them.
void ShardThread::on_ready() {
    is_armed_ = false;
    auto& ready = sockets_->ready;
    if (ready.empty()) ready = poller_->poll();
    while (!ready.empty()) {
        if (!shard_.wants_input()) return; // armed again after the group under way
        const Poller::Event event = ready.front();
        ready = ready.subspan(1);
        Connection& connection = sockets_->of_slot[event.tag];
        if (connection.fd < 0) continue; // closed by an event before it
        if (event.writable) write(event.tag, connection);
        if (event.readable && connection.fd >= 0) read(event.tag, connection);
    }
    if (!is_stopping_) arm();
}

void ShardThread::read(std::uint32_t slot, Connection& connection) {
    const ssize_t count = ::recv(connection.fd, read_buffer_.get(), kReadBufferBytes, MSG_DONTWAIT);
    if (count > 0) {
        shard_.on_bytes(slot, {read_buffer_.get(), static_cast<std::size_t>(count)});
    } else if (count == 0) {
        connection.peer_is_gone = true;
        shard_.on_hang_up(slot, "the peer closed the connection");
    } else if (errno != EAGAIN && errno != EINTR) {
        connection.peer_is_gone = true;
        shard_.on_hang_up(slot, std::strerror(errno));
    }
}

void ShardThread::write(std::uint32_t slot, Connection& connection) {
    std::array<iovec, kWritePieces> pieces; // filled by front()
    const std::size_t count = connection.unsent.front(pieces);
    if (count == 0) return; // of a slot's connection before
    const ssize_t sent = send_now(connection.fd, std::span(pieces).first(count));
    if (sent <= 0) return; // an error shows when the socket is read
    connection.unsent.consume(static_cast<std::size_t>(sent));
    if (connection.unsent.empty()) poller_->want_writable(connection.fd, slot, false);
    shard_.on_sent(slot, connection.unsent.held_bytes());
}

std::size_t ShardThread::send(std::uint32_t slot, std::span<const iovec> pieces) {
    const Connection& connection = sockets_->of_slot[slot];
    assert(connection.unsent.empty());
    std::size_t taken = 0;
    while (!pieces.empty()) {
        const std::span<const iovec> some = pieces.first(std::min(pieces.size(), kIovMax));
        const ssize_t sent = send_now(connection.fd, some);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) return taken + sum_of(pieces); // gone: reading will say so
        if (sent > 0) taken += static_cast<std::size_t>(sent);
        if (sent < 0 || static_cast<std::size_t>(sent) < sum_of(some)) break;
        pieces = pieces.subspan(some.size());
    }
    return taken;
}

std::size_t ShardThread::keep(std::uint32_t slot, std::span<const iovec> pieces) {
    Connection& connection = sockets_->of_slot[slot];
    const bool was_empty = connection.unsent.empty();
    for (const iovec& piece : pieces)
        connection.unsent.append({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
    if (was_empty && !connection.unsent.empty()) poller_->want_writable(connection.fd, slot, true);
    return connection.unsent.held_bytes();
}

void ShardThread::close(std::uint32_t slot, bool lingers) {
    Connection connection = std::exchange(sockets_->of_slot[slot], Connection{});
    if (connection.fd < 0) return;
    connection_count_.fetch_sub(1, std::memory_order_relaxed);
    poller_->remove(connection.fd);
    // Closing with bytes unread resets the connection, and the peer would lose our last words.
    const bool is_heard = lingers && !connection.peer_is_gone;
    if (is_heard && (drain(connection.fd) || !connection.unsent.empty()))
        sockets_->lingering.add(connection.fd, std::move(connection.unsent));
    else
        ::close(connection.fd);
}

void ShardThread::start_hold() {
    is_holding_ = true;
    timer_->hold.expires_after(broker::Shard::kHold);
    timer_->hold.async_wait([this](const boost::system::error_code& error) {
        is_holding_ = false;
        if (!error) shard_.end_hold();
    });
}

void ShardThread::start_ticking() {
    timer_->tick.expires_after(kTick);
    timer_->tick.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        on_tick();
        start_ticking();
    });
}

void ShardThread::on_tick() {
    shard_.tick();
    sockets_->lingering.tick();
}

} // namespace holdfast::gateway
