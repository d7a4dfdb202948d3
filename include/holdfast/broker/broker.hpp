#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/broker/bridge.hpp>
#include <holdfast/broker/client_registry.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/broker/subscription_index.hpp>
#include <holdfast/broker/transport.hpp>
#include <holdfast/log/log.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::broker {

struct BrokerSettings {
    std::uint32_t packet_bytes_max = 1'000'000;       // of an MQTT packet, both ways
    std::uint16_t receive_maximum = 1024;             // unacknowledged QoS 1 from one MQTT 5 client
    std::uint16_t keep_alive_max_s = 0;               // 0 = as the client asks
    std::uint32_t connect_timeout_ms = 10'000;        // from accept to CONNECT
    std::size_t session_queue_bytes_max = 32U << 20U; // waiting for one slow subscriber
    std::size_t group_bytes_max = 8U << 20U; // gathered while the log writes; then reading stops
    std::uint16_t topic_alias_maximum = 32;
    std::uint32_t subscriptions_max = 10'000; // of one client
};

// What MQTT sessions count. Shards add once per turn.
struct BrokerCounters {
    explicit BrokerCounters(Metrics& metrics);
    Counter& connects;
    Counter& refused_connects;
    Counter& received;           // PUBLISH packets stored or on their way to be
    Counter& delivered;          // PUBLISH packets sent to subscribers
    Counter& dropped_slow;       // QoS 0, because the subscriber reads too slowly
    Counter& dropped_too_large;  // for the subscriber's maximum packet size
    Counter& dropped_no_stream;  // no route, or its stream is gone
    Counter& dropped_not_stored; // of groups that the log refused
    Counter& closed_slow;        // QoS 1 subscribers closed because their queue was full
    Counter& protocol_errors;
};

// What all shards share; owned by app, outlives them.
//
// The publish() of its Publisher side hands the batch to one shard after the other.
class Broker final : public Publisher {
public:
    Broker(BrokerSettings settings, Bridge bridge, log::Log& log, const Clock& clock,
           MemoryAccount& memory, Metrics& metrics);

    // Wiring, before any shard runs: shard i is port i.
    void add_port(ShardPort& port) { ports_.push_back(&port); }
    void publish(PublishBatch batch, Done done) override;

    [[nodiscard]] const BrokerSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] const Bridge& bridge() const noexcept { return bridge_; }
    [[nodiscard]] log::Log& log() noexcept { return log_; }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
    [[nodiscard]] MemoryAccount& memory() noexcept { return memory_; }
    [[nodiscard]] SubscriptionIndex& subscriptions() noexcept { return subscriptions_; }
    [[nodiscard]] ClientRegistry& clients() noexcept { return clients_; }
    [[nodiscard]] BrokerCounters& counters() noexcept { return counters_; }
    [[nodiscard]] ShardPort& port(std::uint16_t shard) { return *ports_[shard]; }

private:
    const BrokerSettings settings_;
    const Bridge bridge_;
    log::Log& log_;
    const Clock& clock_;
    MemoryAccount& memory_;
    SubscriptionIndex subscriptions_;
    ClientRegistry clients_;
    BrokerCounters counters_;
    std::vector<ShardPort*> ports_;
    std::atomic<std::size_t> next_port_{0};
};

} // namespace holdfast::broker
