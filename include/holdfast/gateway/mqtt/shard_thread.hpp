#pragma once

#include <holdfast/base/metrics.hpp>
#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/peer.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/broker/transport.hpp>
#include <holdfast/gateway/mqtt/input_limits.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace holdfast::gateway {

class Channel;
class Poller;
class TlsContext;

// One thread with one io_context, one broker shard and the sockets of its MQTT connections.
//
// MQTT sockets are plain descriptors in a Poller: one recv per readiness into a buffer that all
// share, one sendmsg per connection and turn. A turn is whatever the io_context has ready, up to a
// bound, then Shard::end_turn(). HTTP sessions run on the same io_context.
class ShardThread final : public broker::Transport, public broker::ShardPort {
public:
    ShardThread(std::uint16_t index, broker::Broker& broker, Metrics& metrics,
                InputLimits limits = {});
    ~ShardThread() override; // stop() must have been called if start() was

    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

    // As Shard::load(). Before start().
    [[nodiscard]] Result<void> load() { return shard_.load(); }
    void start();
    // Says goodbye to the MQTT clients, lets the log take what was gathered (at most `patience`),
    // ends the thread and waits for it.
    void stop(std::chrono::milliseconds patience);

    // Takes over a connected, non-blocking socket. With `tls` the handshake comes first, which
    // gives the peer its common name. Any thread.
    void adopt(int fd, broker::Peer peer, std::shared_ptr<const TlsContext> tls = nullptr);
    // Takes over a connection that was another listener's, with what was read of it. Any thread.
    void adopt(Channel channel, broker::Peer peer);
    void post(std::function<void(broker::Shard&)> task) override;
    // MQTT connections, for the listener's limit. Any thread; approximate.
    [[nodiscard]] std::size_t connection_count() const noexcept {
        return connection_count_.load(std::memory_order_relaxed);
    }

    // broker::Transport, shard thread only.
    std::size_t send(std::uint32_t slot, std::span<const iovec> pieces) override;
    std::size_t keep(std::uint32_t slot, std::span<const iovec> pieces) override;
    void close(std::uint32_t slot, bool lingers) override;
    void move(std::uint32_t from, std::uint32_t to) override;
    std::unique_ptr<broker::MovingConnection> release(std::uint32_t slot) override;
    void take_in(std::uint32_t slot, std::unique_ptr<broker::MovingConnection> moving) override;

private:
    struct Connection;
    struct Sockets;

    void open(Channel channel, broker::Peer peer);
    void watch(std::uint32_t slot, Channel channel);
    void run();
    void arm();
    void on_ready();
    void follow(std::uint32_t slot, Connection& connection);
    void shake(std::uint32_t tag);
    void come_again();
    void read(std::uint32_t slot, Connection& connection);
    std::size_t read_some(std::uint32_t slot, Connection& connection, std::size_t bytes_max);
    void read_slowly(std::uint32_t slot, Connection& connection);
    void pause(std::uint32_t slot, Connection& connection, std::chrono::microseconds wait);
    void end_pause(Connection& connection);
    void resume(std::uint32_t slot);
    void write(std::uint32_t slot, Connection& connection);
    void start_hold();
    void start_ticking();
    void on_tick();
    void end_late();
    void begin_stop(std::chrono::steady_clock::time_point deadline);

    boost::asio::io_context io_{1};
    std::unique_ptr<Poller> poller_;
    struct Timer;
    std::unique_ptr<Timer> timer_;
    std::unique_ptr<Sockets> sockets_;
    std::unique_ptr<std::byte[]> read_buffer_;
    bool is_armed_ = false;
    bool is_holding_ = false; // the hold timer runs
    bool is_coming_again_ = false;
    bool is_ending_late_ = false; // a later turn goes on with it
    bool is_stopping_ = false;
    std::chrono::steady_clock::time_point stop_deadline_{};
    std::atomic<std::size_t> connection_count_{0};
    const std::chrono::milliseconds handshake_limit_;
    const InputLimits limits_;
    broker::Shard shard_;
    std::thread thread_;
};

} // namespace holdfast::gateway
