#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/base/expiry_clock.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/base/places.hpp>
#include <holdfast/broker/bridge.hpp>
#include <holdfast/broker/gate.hpp>
#include <holdfast/broker/publisher.hpp>
#include <holdfast/broker/read_pool.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/broker/subscription_index.hpp>
#include <holdfast/broker/transport.hpp>
#include <holdfast/log/log.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::broker {

struct BrokerSettings {
    std::uint32_t packet_bytes_max = (1U << 20U) + (128U << 10U); // of an MQTT packet, both ways
    // What MQTT 3 clients publish where no route takes it is acknowledged and dropped; else they
    // are closed.
    bool drops_refused_publish = false;
    std::uint16_t receive_maximum = 1024;             // unacknowledged QoS 1 from one MQTT 5 client
    std::uint16_t keep_alive_max_s = 0;               // 0 = as the client asks
    std::uint32_t connect_timeout_ms = 10'000;        // from accept to CONNECT
    std::size_t session_queue_bytes_max = 32U << 20U; // waiting for one slow subscriber
    std::size_t group_bytes_max = 8U << 20U; // gathered while the log writes; then reading stops
    std::uint16_t topic_alias_maximum = 32;
    std::uint32_t subscriptions_max = 10'000;          // of one client
    std::uint32_t session_expiry_max_s = 7U * 86'400U; // of a session without a connection
    std::uint64_t session_messages_max = 100'000;      // waiting for one persistent session
    std::uint64_t session_bytes_max = 256U << 20U;     // of their topics and payloads
    std::size_t retained_bytes_max = 256U << 20U;      // of all retained messages
    std::uint32_t connections_per_user = 0;            // at a time; 0 = any number
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
    Counter& dropped_queue_full; // for a persistent session
    Counter& dropped_expired;    // waited longer than their expiry interval
    Counter& dropped_gone;       // waited longer than the log keeps them
    Counter& closed_slow;        // QoS 1 subscribers closed because their queue was full
    Counter& protocol_errors;
    Counter& refused_publish;   // for want of a right; wills and their CONNECT, too
    Counter& refused_subscribe; // filters, for want of a right
    Counter& dropped_denied;    // of those on their way when a right was taken away
    Counter& refused_limit;     // CONNECT, for what its user or address has already
    Counter& slowed;            // times that a client was not read for a while
};

// What all shards share; owned by app, outlives them.
//
// The publish() of its Publisher side hands the batch to one shard after the other.
class Broker final : public Publisher {
public:
    Broker(BrokerSettings settings, Bridge bridge, log::Log& log, const Clock& clock,
           MemoryAccount& memory, Metrics& metrics);

    // Takes up what is stored of retained messages. Before any shard runs. Errors: io.
    [[nodiscard]] Result<void> load();
    // Wiring, before any shard runs. Without one everybody may do everything.
    void set_gate(Gate& gate) noexcept { gate_ = &gate; }
    [[nodiscard]] Gate* gate() const noexcept { return gate_; }
    // Users or rights have changed: all sessions get the rights of now at once, not at their
    // shard's next tick. Thread-safe.
    void follow_rights();
    // Wiring, before any shard runs: shard i is port i.
    void add_port(ShardPort& port) {
        ports_.push_back(&port);
        handed_over_.emplace_back(0);
    }
    void publish(PublishBatch batch, Done done) override;

    [[nodiscard]] const BrokerSettings& settings() const noexcept { return settings_; }
    [[nodiscard]] const Bridge& bridge() const noexcept { return bridge_; }
    [[nodiscard]] log::Log& log() noexcept { return log_; }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
    // What sessions, messages and wills expire by: no jump of the wall clock ends them.
    [[nodiscard]] const Clock& expiry_clock() const noexcept { return expiry_clock_; }
    [[nodiscard]] MemoryAccount& memory() noexcept { return memory_; }
    [[nodiscard]] SubscriptionIndex& subscriptions() noexcept { return subscriptions_; }
    // What a shard may gather while the log writes, or hand to other shards, before it stops
    // reading. Three groups of each shard and what is on its way between them must fit beside all
    // else, whatever the settings say.
    [[nodiscard]] std::size_t group_bytes_max() const noexcept {
        constexpr std::size_t kLeast = 256U << 10U;
        const std::size_t share = memory_.limit_bytes() / 64 / ports_.size();
        return std::min(settings_.group_bytes_max, std::max(share, kLeast));
    }
    // What one shard may remember of topics.
    [[nodiscard]] std::size_t topic_cache_bytes_max() const noexcept {
        return memory_.limit_bytes() / 16 / ports_.size();
    }
    // What the shards take beside queues: three groups each, of twice their bytes while they grow,
    // their topics, and what they have read from the disk. The owner of the account sets it aside.
    [[nodiscard]] std::size_t fixed_bytes() const noexcept {
        constexpr std::size_t kReadBytes = 3U << 20U; // RecordCache, and DiskReads on their way
        return ports_.size() * (6 * group_bytes_max() + topic_cache_bytes_max() + kReadBytes);
    }
    // Bytes of fan-out that shard `shard` has handed to others and they have not delivered yet.
    [[nodiscard]] std::atomic<std::size_t>& handed_over_bytes(std::uint16_t shard) noexcept {
        return handed_over_[shard];
    }
    // Clients of all shards with an accepted CONNECT.
    [[nodiscard]] std::atomic<std::size_t>& client_count() noexcept { return client_count_; }
    // Of all shards: the connections of each user, where they are counted.
    [[nodiscard]] Places<std::string>& user_places() noexcept { return user_places_; }
    // The shard where everything about a client id lives: two connections that claim it meet there.
    [[nodiscard]] std::uint16_t home_of(std::string_view client_id) const noexcept {
        return static_cast<std::uint16_t>(std::hash<std::string_view>{}(client_id) % ports_.size());
    }
    // Where shards read the disk. Its owner starts it, and stops it while the ports are there.
    [[nodiscard]] ReadPool& reads() noexcept { return reads_; }
    [[nodiscard]] Retained& retained() noexcept { return retained_; }
    // A number that no session had before.
    [[nodiscard]] std::uint64_t new_session_id() noexcept { return next_session_id_.fetch_add(1); }
    // One that is stored. Before any shard runs.
    void note_session_id(std::uint64_t id) noexcept {
        if (id >= next_session_id_.load()) next_session_id_.store(id + 1);
    }
    // Of all shards: persistent sessions, with and without a connection.
    [[nodiscard]] std::atomic<std::size_t>& session_count() noexcept { return session_count_; }
    [[nodiscard]] BrokerCounters& counters() noexcept { return counters_; }
    [[nodiscard]] ShardPort& port(std::uint16_t shard) { return *ports_[shard]; }
    [[nodiscard]] std::size_t port_count() const noexcept { return ports_.size(); }

private:
    const BrokerSettings settings_;
    const Bridge bridge_;
    log::Log& log_;
    const Clock& clock_;
    const ExpiryClock expiry_clock_;
    Gate* gate_ = nullptr;
    MemoryAccount& memory_;
    SubscriptionIndex subscriptions_;
    std::atomic<std::size_t> client_count_{0};
    Places<std::string> user_places_;
    BrokerCounters counters_;
    Retained retained_;
    std::atomic<std::uint64_t> next_session_id_;
    std::atomic<std::size_t> session_count_{0};
    std::vector<ShardPort*> ports_;
    std::deque<std::atomic<std::size_t>> handed_over_;
    std::atomic<std::size_t> next_port_{0};
    ReadPool reads_;
};

} // namespace holdfast::broker
