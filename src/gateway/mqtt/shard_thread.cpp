#include <holdfast/gateway/mqtt/shard_thread.hpp>

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
#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kReadBufferBytes = 256 * 1024;
constexpr std::size_t kHandlersPerTurn = 256; // an unbounded turn would not end under load
constexpr std::size_t kIovMax = 1024;         // IOV_MAX of Linux
constexpr std::size_t kLingeringMax = 1024;
constexpr int kLingerTicks = 2;
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

ShardThread::ShardThread(std::uint16_t index, broker::Broker& broker)
    : poller_(std::make_unique<Poller>(io_)),
      timer_(std::make_unique<Timer>(io_)),
      read_buffer_(std::make_unique_for_overwrite<std::byte[]>(kReadBufferBytes)),
      shard_(index, broker, *this) {}

ShardThread::~ShardThread() {
    for (const Connection& connection : connections_)
        if (connection.fd >= 0) ::close(connection.fd);
    for (const Lingering& lingering : lingering_) ::close(lingering.fd);
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

void ShardThread::adopt(int fd, std::string peer_address) {
    connection_count_.fetch_add(1, std::memory_order_relaxed);
    auto take = [this, fd, peer = std::move(peer_address)] { watch(shard_.open(peer), fd); };
    boost::asio::post(io_, std::move(take));
}

void ShardThread::watch(std::uint32_t slot, int fd) {
    if (connections_.size() <= slot) connections_.resize(slot + 1);
    connections_[slot].fd = fd;
    if (const auto added = poller_->add(fd, slot); !added) {
        log_error("mqtt", "a connection was dropped: {}", added.error().context);
        shard_.on_hang_up(slot, "cannot be watched");
    }
}

void ShardThread::move(std::uint32_t from, std::uint32_t to) {
    if (connections_.size() <= to) connections_.resize(to + 1);
    connections_[to] = std::exchange(connections_[from], Connection{});
    poller_->want_writable(connections_[to].fd, to, connections_[to].waits_for_room);
}

std::unique_ptr<broker::MovingConnection> ShardThread::release(std::uint32_t slot) {
    const Connection connection = std::exchange(connections_[slot], Connection{});
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

void ShardThread::on_ready() {
    is_armed_ = false;
    for (const Poller::Event& event : poller_->poll()) {
        if (!shard_.wants_input()) return; // armed again after the group under way
        Connection& connection = connections_[event.tag];
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
    const std::byte* begin = connection.unsent.data() + connection.unsent_begin;
    const ssize_t sent =
        ::send(connection.fd, begin, connection.unsent_bytes(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) connection.unsent_begin += static_cast<std::size_t>(sent);
    if (connection.unsent_bytes() != 0) return; // an error shows when the socket is read
    connection.unsent = Bytes();
    connection.unsent_begin = 0;
    connection.waits_for_room = false;
    poller_->want_writable(connection.fd, slot, false);
    shard_.on_drained(slot);
}

std::size_t ShardThread::send(std::uint32_t slot, std::span<const iovec> pieces) {
    Connection& connection = connections_[slot];
    while (!pieces.empty() && connection.unsent_bytes() == 0) {
        const std::span<const iovec> some = pieces.first(std::min(pieces.size(), kIovMax));
        const ssize_t sent = send_now(connection.fd, some);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno != EAGAIN) return 0; // the peer is gone: reading will say so
        const std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
        pieces = pieces.subspan(some.size());
        if (taken < sum_of(some)) {
            keep_unsent(slot, connection, some, taken);
            break;
        }
    }
    if (!pieces.empty()) keep_unsent(slot, connection, pieces, 0);
    return connection.unsent_bytes();
}

void ShardThread::keep_unsent(std::uint32_t slot, Connection& connection,
                              std::span<const iovec> pieces, std::size_t skip) {
    if (connection.unsent_begin > connection.unsent.size() / 2) { // what was sent goes
        connection.unsent.erase(
            connection.unsent.begin(),
            connection.unsent.begin() + static_cast<std::ptrdiff_t>(connection.unsent_begin));
        connection.unsent_begin = 0;
    }
    for (const iovec& piece : pieces) {
        const std::size_t skipped = std::min(skip, piece.iov_len);
        skip -= skipped;
        const auto* begin = static_cast<const std::byte*>(piece.iov_base);
        connection.unsent.insert(connection.unsent.end(), begin + skipped, begin + piece.iov_len);
    }
    if (connection.unsent_bytes() != 0 && !connection.waits_for_room) {
        connection.waits_for_room = true;
        poller_->want_writable(connection.fd, slot, true);
    }
}

void ShardThread::close(std::uint32_t slot) {
    Connection connection = std::exchange(connections_[slot], Connection{});
    if (connection.fd < 0) return;
    connection_count_.fetch_sub(1, std::memory_order_relaxed);
    poller_->remove(connection.fd);
    // Closing with bytes unread resets the connection, and the peer would lose our last words.
    const bool was_sending = !connection.peer_is_gone && drain(connection.fd);
    const bool has_unsent = !connection.peer_is_gone && connection.unsent_bytes() != 0;
    if ((!was_sending && !has_unsent) || lingering_.size() >= kLingeringMax) {
        ::close(connection.fd);
        return;
    }
    if (!has_unsent) ::shutdown(connection.fd, SHUT_WR);
    Bytes unsent(connection.unsent.begin() + static_cast<std::ptrdiff_t>(connection.unsent_begin),
                 connection.unsent.end());
    lingering_.push_back({connection.fd, std::move(unsent), kLingerTicks});
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
    for (Lingering& lingering : lingering_) {
        --lingering.ticks_left;
        if (lingering.unsent.empty()) continue;
        const ssize_t sent = ::send(lingering.fd, lingering.unsent.data(), lingering.unsent.size(),
                                    MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            lingering.unsent.erase(lingering.unsent.begin(), lingering.unsent.begin() + sent);
        if (lingering.unsent.empty()) ::shutdown(lingering.fd, SHUT_WR);
    }
    std::erase_if(lingering_, [](const Lingering& lingering) {
        if (lingering.ticks_left > 0) return false;
        ::close(lingering.fd);
        return true;
    });
}

} // namespace holdfast::gateway
