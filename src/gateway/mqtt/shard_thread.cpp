#include <holdfast/gateway/mqtt/shard_thread.hpp>

#include "gateway/mqtt/channel.hpp"
#include "gateway/mqtt/lingering.hpp"
#include "gateway/mqtt/poller.hpp"

#include <holdfast/base/log_line.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <span>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kReadBufferBytes = 256 * 1024;
constexpr std::size_t kHandlersPerTurn = 256; // an unbounded turn would not end under load
constexpr std::chrono::seconds kTick{1};

// A connection on its way from one shard's thread to another's.
struct MovingChannel final : broker::MovingConnection {
    explicit MovingChannel(Channel moved) : channel(std::move(moved)) {}
    Channel channel;
};

} // namespace

struct ShardThread::Timer {
    explicit Timer(boost::asio::io_context& io) : tick(io), hold(io), work(io.get_executor()) {}
    boost::asio::steady_timer tick;
    boost::asio::steady_timer hold;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
};

struct ShardThread::Sockets {
    explicit Sockets(MemoryAccount& memory) : lingering(memory) {}
    std::deque<Channel> of_slot; // a deque never moves them
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

ShardThread::~ShardThread() = default;

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
    auto take = [this, fd, peer = std::move(peer)] { watch(shard_.open(peer), Channel(fd)); };
    boost::asio::post(io_, std::move(take));
}

void ShardThread::watch(std::uint32_t slot, Channel channel) {
    sockets_->make_room(slot);
    Channel& watched = sockets_->of_slot[slot] = std::move(channel);
    if (const auto added = poller_->add(watched.fd(), slot); !added) {
        log_error("mqtt", "a connection was dropped: {}", added.error().context);
        shard_.on_hang_up(slot, "cannot be watched");
    }
}

void ShardThread::move(std::uint32_t from, std::uint32_t to) {
    sockets_->make_room(to);
    Channel& moved = sockets_->of_slot[to];
    moved = std::move(sockets_->of_slot[from]);
    poller_->want_writable(moved.fd(), to, moved.has_unsent());
}

std::unique_ptr<broker::MovingConnection> ShardThread::release(std::uint32_t slot) {
    Channel channel = std::move(sockets_->of_slot[slot]);
    connection_count_.fetch_sub(1, std::memory_order_relaxed);
    poller_->remove(channel.fd());
    return std::make_unique<MovingChannel>(std::move(channel));
}

void ShardThread::take_in(std::uint32_t slot, std::unique_ptr<broker::MovingConnection> moving) {
    auto& moved = static_cast<MovingChannel&>(*moving); // of another shard's release()
    connection_count_.fetch_add(1, std::memory_order_relaxed);
    watch(slot, std::move(moved.channel));
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
        Channel& channel = sockets_->of_slot[event.tag];
        if (!channel.is_open()) continue; // closed by an event before it
        if (event.writable) write(event.tag, channel);
        if (event.readable && channel.is_open()) read(event.tag, channel);
    }
    if (!is_stopping_) arm();
}

void ShardThread::read(std::uint32_t slot, Channel& channel) {
    const Channel::Received received = channel.receive({read_buffer_.get(), kReadBufferBytes});
    if (received.bytes != 0)
        shard_.on_bytes(slot, {read_buffer_.get(), received.bytes});
    else if (!received.end.empty())
        shard_.on_hang_up(slot, received.end);
}

void ShardThread::write(std::uint32_t slot, Channel& channel) {
    if (!channel.flush()) return;
    if (!channel.has_unsent()) poller_->want_writable(channel.fd(), slot, false);
    shard_.on_sent(slot, channel.held_bytes());
}

std::size_t ShardThread::send(std::uint32_t slot, std::span<const iovec> pieces) {
    return sockets_->of_slot[slot].send(pieces);
}

std::size_t ShardThread::keep(std::uint32_t slot, std::span<const iovec> pieces) {
    Channel& channel = sockets_->of_slot[slot];
    const bool had_unsent = channel.has_unsent();
    channel.keep(pieces);
    if (!had_unsent && channel.has_unsent()) poller_->want_writable(channel.fd(), slot, true);
    return channel.held_bytes();
}

void ShardThread::close(std::uint32_t slot, bool lingers) {
    Channel channel = std::move(sockets_->of_slot[slot]);
    if (!channel.is_open()) return;
    connection_count_.fetch_sub(1, std::memory_order_relaxed);
    poller_->remove(channel.fd());
    // Closing with bytes unread resets the connection, and the peer would lose our last words.
    const bool is_heard = lingers && !channel.is_peer_gone();
    if (is_heard && (channel.drain() || channel.has_unsent()))
        sockets_->lingering.add(std::move(channel));
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
