#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/gateway/address_limits.hpp>
#include <holdfast/gateway/mqtt/shard_thread.hpp>
#include <holdfast/gateway/tls/tls_credentials.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace holdfast::gateway {

struct MqttListenerSettings {
    std::size_t connections_max = 100'000; // of all listeners; those beyond are closed at once
    std::shared_ptr<const broker::Door> door{};
    const TlsCredentials* tls = nullptr; // outlives the listener; null: in clear
    AddressLimits* addresses = nullptr;  // outlives the listener; null: no limit
};

// Accepts MQTT connections and deals them out to the shards, one after the other. Lives on the
// first shard's thread, once start() was called.
class MqttListener {
public:
    // `shards` outlive the listener.
    MqttListener(std::span<ShardThread* const> shards, MqttListenerSettings settings);

    // Binds and listens; port 0 picks a free one. io, naming the address. Before the shards run.
    [[nodiscard]] Result<void> start(const std::string& address, std::uint16_t port);
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    // No new connections after it returns. Any thread, while the shards run.
    void stop();

private:
    void wait();
    void accept_some();
    // False where the connection, of an address that has too many, is to be closed at once.
    [[nodiscard]] bool admit(const sockaddr& address, broker::Peer& peer);
    void pause();
    [[nodiscard]] bool may_note(); // a line about connections that are not taken
    [[nodiscard]] std::size_t connection_count() const;

    std::span<ShardThread* const> shards_;
    const MqttListenerSettings settings_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer pause_timer_;
    std::uint16_t port_ = 0;
    std::size_t next_shard_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t turned_away_ = 0; // for a limit of their address
    std::chrono::steady_clock::time_point next_note_{};
};

} // namespace holdfast::gateway
