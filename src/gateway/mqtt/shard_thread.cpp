#include <holdfast/gateway/mqtt/shard_thread.hpp>

#include "gateway/mqtt/channel.hpp"
#include "gateway/mqtt/handshakes.hpp"
#include "gateway/mqtt/input_allowance.hpp"
#include "gateway/mqtt/lingering.hpp"
#include "gateway/mqtt/pauses.hpp"
#include "gateway/mqtt/poller.hpp"

#include <holdfast/base/log_line.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <utility>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kReadBufferBytes = 256 * 1024;
constexpr std::size_t kHandlersPerTurn = 256; // an unbounded turn would not end under load
constexpr std::chrono::seconds kTick{1};
// Each step may cost a millisecond of arithmetic, and those who are connected wait for it. What is
// left over is told again by the next poll.
constexpr int kHandshakeStepsPerTurn = 2;
constexpr std::size_t kEndedPerTurn = 16; // freeing a session and its socket takes 40 us

// Of a client with a limit.
struct Slowing {
    InputAllowance allowance;
    std::optional<Pauses::Entry> pause; // while it is not read
};

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

struct ShardThread::Connection {
    Channel channel;
    Poller::Interest watched{};
    std::unique_ptr<Slowing> slowing{}; // null: its client has no limit

    [[nodiscard]] bool is_paused() const noexcept { return slowing && slowing->pause; }
};

struct ShardThread::Sockets {
    Sockets(Poller& poller, MemoryAccount& account, Metrics& metrics, boost::asio::io_context& io,
            std::function<void(std::uint32_t)> resume)
        : memory(account),
          pauses(io, std::move(resume)),
          lingering(account),
          notes(metrics),
          handshakes(poller, account, notes) {}
    MemoryAccount& memory;
    std::deque<Connection> of_slot; // a deque never moves them
    // Slots whose channel has something to give that no descriptor shows. They are few, and come
    // again one after the other.
    std::deque<std::uint32_t> again;
    Pauses pauses;
    Lingering lingering;
    HandshakeNotes notes;
    Handshakes handshakes;
    std::span<const Poller::Event> ready; // found by the last poll and not served yet

    void make_room(std::uint32_t slot) {
        if (of_slot.size() <= slot) of_slot.resize(slot + 1);
    }
};

ShardThread::ShardThread(std::uint16_t index, broker::Broker& broker, Metrics& metrics,
                         InputLimits limits)
    : poller_(std::make_unique<Poller>(io_)),
      timer_(std::make_unique<Timer>(io_)),
      sockets_(std::make_unique<Sockets>(*poller_, broker.memory(), metrics, io_,
                                         [this](std::uint32_t slot) { resume(slot); })),
      read_buffer_(std::make_unique_for_overwrite<std::byte[]>(kReadBufferBytes)),
      handshake_limit_(broker.settings().connect_timeout_ms),
      limits_(limits),
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
        if (!sockets_->again.empty() && !is_coming_again_ && shard_.wants_input()) come_again();
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

void ShardThread::adopt(int fd, broker::Peer peer, std::shared_ptr<const TlsContext> tls) {
    connection_count_.fetch_add(1, std::memory_order_relaxed);
    auto take = [this, fd, peer = std::move(peer), tls = std::move(tls)]() mutable {
        if (!tls) return open(Channel(fd), std::move(peer));
        const auto deadline = std::chrono::steady_clock::now() + handshake_limit_;
        if (!sockets_->handshakes.begin(fd, std::move(tls), std::move(peer), deadline))
            connection_count_.fetch_sub(1, std::memory_order_relaxed);
    };
    boost::asio::post(io_, std::move(take));
}

void ShardThread::adopt(Channel channel, broker::Peer peer) {
    connection_count_.fetch_add(1, std::memory_order_relaxed);
    auto take = [this, taken = std::move(channel), peer = std::move(peer)]() mutable {
        open(std::move(taken), std::move(peer));
    };
    boost::asio::post(io_, std::move(take));
}

void ShardThread::open(Channel channel, broker::Peer peer) {
    if (!sockets_->memory.try_take(channel.layer_bytes())) {
        sockets_->notes.failed(peer.address, "limits.memory is reached");
        connection_count_.fetch_sub(1, std::memory_order_relaxed);
        return;
    }
    watch(shard_.open(std::move(peer)), std::move(channel));
}

void ShardThread::watch(std::uint32_t slot, Channel channel) {
    sockets_->make_room(slot);
    Connection& connection = sockets_->of_slot[slot];
    connection = {std::move(channel), {}, nullptr};
    if (limits_.is_on())
        connection.slowing = std::make_unique<Slowing>(
            Slowing{InputAllowance(limits_, std::chrono::steady_clock::now()), {}});
    if (const auto added = poller_->add(connection.channel.fd(), slot); !added) {
        log_error("mqtt", "a connection was dropped: {}", added.error().context);
        shard_.on_hang_up(slot, "cannot be watched");
    } else if (connection.channel.has_layers()) {
        follow(slot, connection);
    }
}

// After anything that may change what the channel waits for.
void ShardThread::follow(std::uint32_t slot, Connection& connection) {
    const Channel& channel = connection.channel;
    const bool is_read = !channel.awaits_room() && !connection.is_paused();
    const Poller::Interest wanted{.readable = is_read,
                                  .writable = channel.has_unsent() || channel.awaits_room()};
    if (wanted != connection.watched) {
        connection.watched = wanted;
        poller_->want(channel.fd(), slot, wanted);
    }
    if (!connection.is_paused() && channel.has_more() &&
        std::ranges::find(sockets_->again, slot) == sockets_->again.end())
        sockets_->again.push_back(slot);
}

void ShardThread::move(std::uint32_t from, std::uint32_t to) {
    sockets_->make_room(to);
    Connection& moved = sockets_->of_slot[to];
    moved = std::move(sockets_->of_slot[from]);
    poller_->want(moved.channel.fd(), to, moved.watched);
    std::ranges::replace(sockets_->again, from, to);
    if (moved.is_paused()) (*moved.slowing->pause)->second = to;
}

// The account stays as it is: the connection lives on.
std::unique_ptr<broker::MovingConnection> ShardThread::release(std::uint32_t slot) {
    Channel channel = std::move(sockets_->of_slot[slot].channel);
    end_pause(sockets_->of_slot[slot]);
    std::erase(sockets_->again, slot);
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
    int handshake_steps = 0;
    if (ready.empty()) ready = poller_->poll();
    while (!ready.empty()) {
        if (!shard_.wants_input()) return; // armed again after the group under way
        const Poller::Event event = ready.front();
        ready = ready.subspan(1);
        if ((event.tag & Handshakes::kTag) != 0) {
            if (handshake_steps++ < kHandshakeStepsPerTurn) shake(event.tag);
            continue;
        }
        Connection& connection = sockets_->of_slot[event.tag];
        if (!connection.channel.is_open()) continue; // closed by an event before it
        const bool is_awaited = connection.channel.awaits_room();
        if (event.writable) write(event.tag, connection);
        if ((event.readable || is_awaited) && connection.channel.is_open())
            read(event.tag, connection);
    }
    if (!is_stopping_) arm();
}

void ShardThread::shake(std::uint32_t tag) {
    std::optional<Handshakes::Done> done;
    const Handshakes::Outcome outcome = sockets_->handshakes.go_on(tag, done);
    if (outcome == Handshakes::Outcome::failed)
        connection_count_.fetch_sub(1, std::memory_order_relaxed);
    if (done) open(Channel(done->fd, Layers(std::move(done->tls))), std::move(done->peer));
}

// Those whose layers hold something, each once: they may want to come again.
void ShardThread::come_again() {
    is_coming_again_ = true;
    boost::asio::post(io_, [this] {
        is_coming_again_ = false;
        auto& again = sockets_->again;
        for (std::size_t left = again.size(); left != 0 && !again.empty(); --left) {
            if (is_stopping_ || !shard_.wants_input()) return;
            const std::uint32_t slot = again.front();
            again.pop_front();
            Connection& connection = sockets_->of_slot[slot];
            if (!connection.is_paused()) read(slot, connection);
        }
    });
}

void ShardThread::read(std::uint32_t slot, Connection& connection) {
    if (connection.slowing) return read_slowly(slot, connection);
    (void)read_some(slot, connection, kReadBufferBytes);
}

// Gives how many bytes came.
std::size_t ShardThread::read_some(std::uint32_t slot, Connection& connection,
                                   std::size_t bytes_max) {
    const Channel::Received received = connection.channel.receive({read_buffer_.get(), bytes_max});
    // First: what is received may move the connection to another slot, or close it.
    if (connection.channel.has_layers()) follow(slot, connection);
    if (received.bytes != 0)
        shard_.on_bytes(slot, {read_buffer_.get(), received.bytes});
    else if (!received.end.empty())
        shard_.on_hang_up(slot, received.end);
    return received.bytes;
}

// Where it is paused already its peer is gone, which the poller shows whatever is asked of it: what
// is left is read to the end.
void ShardThread::read_slowly(std::uint32_t slot, Connection& connection) {
    std::size_t most = connection.slowing->allowance.bytes_at_once();
    if (connection.channel.has_layers()) most = std::max(most, Layers::kChunkBytes);
    const std::uint64_t before = shard_.publishes();
    const std::size_t bytes = read_some(slot, connection, most);
    if (!connection.slowing || connection.is_paused()) return; // it is closed, or elsewhere
    InputAllowance& allowance = connection.slowing->allowance;
    const auto now = std::chrono::steady_clock::now();
    allowance.take(shard_.publishes() - before, bytes, now);
    const auto wait = allowance.wait(now);
    if (wait.count() != 0) pause(slot, connection, wait);
}

void ShardThread::pause(std::uint32_t slot, Connection& connection,
                        std::chrono::microseconds wait) {
    connection.slowing->pause = sockets_->pauses.add(slot, std::chrono::steady_clock::now() + wait);
    std::erase(sockets_->again, slot);
    follow(slot, connection);
    shard_.on_slowed(slot);
}

// Of a connection that goes, with what slowed it.
void ShardThread::end_pause(Connection& connection) {
    if (connection.is_paused()) sockets_->pauses.remove(*connection.slowing->pause);
    connection.slowing.reset();
}

void ShardThread::resume(std::uint32_t slot) {
    Connection& connection = sockets_->of_slot[slot];
    connection.slowing->pause.reset();
    follow(slot, connection);
}

void ShardThread::write(std::uint32_t slot, Connection& connection) {
    Channel& channel = connection.channel;
    const bool was_any_sent = channel.flush();
    follow(slot, connection);
    if (was_any_sent) shard_.on_sent(slot, channel.held_bytes());
}

std::size_t ShardThread::send(std::uint32_t slot, std::span<const iovec> pieces) {
    Connection& connection = sockets_->of_slot[slot];
    const std::size_t taken = connection.channel.send(pieces);
    if (connection.channel.has_layers()) follow(slot, connection);
    return taken;
}

std::size_t ShardThread::keep(std::uint32_t slot, std::span<const iovec> pieces) {
    Connection& connection = sockets_->of_slot[slot];
    connection.channel.keep(pieces);
    follow(slot, connection);
    return connection.channel.held_bytes();
}

void ShardThread::close(std::uint32_t slot, bool lingers) {
    Channel channel = std::move(sockets_->of_slot[slot].channel);
    if (!channel.is_open()) return;
    end_pause(sockets_->of_slot[slot]);
    std::erase(sockets_->again, slot);
    connection_count_.fetch_sub(1, std::memory_order_relaxed);
    poller_->remove(channel.fd());
    sockets_->memory.give_back(channel.layer_bytes());
    if (!lingers || channel.is_peer_gone()) return;
    channel.say_goodbye();
    // Closing with bytes unread resets the connection, and the peer would lose our last words.
    if (channel.drain() || channel.has_unsent() || channel.expects_goodbye())
        sockets_->lingering.add(std::move(channel));
    else if (channel.has_layers())
        channel.end_output();
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
    for (const auto& [until, slot] : sockets_->pauses) shard_.on_not_read(slot);
    shard_.tick();
    sockets_->lingering.tick();
    if (!is_ending_late_) end_late();
}

// As with the silent: a thousand that came together end together, and others must not wait for all.
void ShardThread::end_late() {
    const auto now = std::chrono::steady_clock::now();
    const std::size_t late = sockets_->handshakes.close_late(now, kEndedPerTurn);
    connection_count_.fetch_sub(late, std::memory_order_relaxed);
    const std::size_t over = sockets_->lingering.end_late(kEndedPerTurn);
    is_ending_late_ = late == kEndedPerTurn || over == kEndedPerTurn;
    if (is_ending_late_) boost::asio::post(io_, [this] { end_late(); });
}

} // namespace holdfast::gateway
