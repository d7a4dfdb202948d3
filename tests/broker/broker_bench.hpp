#pragma once

// A broker without sockets, disk or threads: shards whose transport keeps what they send, over a
// log that stores when it is told to.

#include "broker/memory_log.hpp"
#include "broker/memory_transport.hpp"

#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/ack.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/disconnect.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/subscribe.hpp>
#include <holdfast/record/batch_view.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace holdfast::broker::test {

// One shard with its transport and its port, whose tasks wait for run().
struct ShardBench final : ShardPort {
    ShardBench(std::uint16_t index, Broker& broker)
        : transport(*this), shard(index, broker, transport) {
        broker.add_port(*this);
    }
    // Also from the threads of the broker's ReadPool, where a test starts it.
    void post(std::function<void(Shard&)> task) override {
        const std::lock_guard lock(mutex);
        tasks.push_back(std::move(task));
    }
    bool run() {
        bool had_tasks = false;
        while (const auto task = next_task()) {
            had_tasks = true;
            shard.run(task);
        }
        shard.end_turn();
        return had_tasks;
    }
    std::function<void(Shard&)> next_task() {
        const std::lock_guard lock(mutex);
        if (tasks.empty()) return nullptr;
        auto task = std::move(tasks.front());
        tasks.pop_front();
        return task;
    }
    MemoryTransport transport;
    std::mutex mutex;
    std::deque<std::function<void(Shard&)>> tasks; // guarded by mutex
    Shard shard;
};

// A connection as its client sees it.
struct Client {
    std::shared_ptr<Line> connection;
    mqtt::Version version = mqtt::Version::v311;

    [[nodiscard]] Line& line() const { return *connection; }
    void send(const Bytes& bytes) const { line().bench->shard.on_bytes(line().slot, bytes); }
    void stop_reading() const { line().socket_room = 0; }
    // All that was kept comes.
    void read_on() const {
        line().socket_room = SIZE_MAX;
        const Bytes kept = std::exchange(line().kept, {});
        line().sent.insert(line().sent.end(), kept.begin(), kept.end());
        line().bench->shard.on_sent(line().slot, 0);
    }
    void hang_up() const { line().bench->shard.on_hang_up(line().slot, "gone"); }
    void subscribe(std::string_view filter, mqtt::Qos qos, std::uint32_t identifier = 0,
                   bool no_local = false) const {
        mqtt::Subscribe packet;
        packet.packet_id = 7;
        if (identifier != 0) packet.properties.subscription_identifiers.push_back(identifier);
        packet.requests.push_back({filter, qos, no_local, false, 0});
        Bytes out;
        mqtt::encode_subscribe(out, packet, version);
        send(out);
    }
    // With a packet id QoS 1, else QoS 0.
    void publish(std::string_view topic, std::string_view payload, std::uint16_t packet_id = 0,
                 mqtt::Properties properties = {}) const {
        mqtt::Publish packet;
        packet.topic = topic;
        packet.payload = as_bytes(payload);
        packet.properties = std::move(properties);
        packet.packet_id = packet_id;
        packet.qos = packet_id == 0 ? mqtt::Qos::at_most_once : mqtt::Qos::at_least_once;
        send(packet);
    }
    void send(const mqtt::Publish& packet) const {
        Bytes out;
        mqtt::encode_publish(out, packet, version);
        send(out);
    }
    void publish_qos2(std::string_view topic, std::string_view payload, std::uint16_t packet_id,
                      bool duplicate = false) const {
        send(mqtt::Publish{
            topic, as_bytes(payload), {}, packet_id, mqtt::Qos::exactly_once, false, duplicate});
    }
    void send_ack(mqtt::PacketType type, std::uint16_t packet_id,
                  mqtt::ReasonCode reason = mqtt::ReasonCode::success) const {
        Bytes out;
        mqtt::encode_ack(out, {type, packet_id, reason, {}}, version);
        send(out);
    }
    void acknowledge(std::uint16_t packet_id) const {
        send_ack(mqtt::PacketType::puback, packet_id);
    }
    // What came since the last call, one line a packet: "PUBLISH topic payload #id", "PUBACK
    // #id"...
    [[nodiscard]] std::vector<std::string> received() const;
    // The first packet since the last call, whole.
    [[nodiscard]] Bytes take_bytes() const { return std::exchange(line().sent, {}); }
};

// Time that passes, and a wall clock that may jump.
class TestClock final : public Clock {
public:
    [[nodiscard]] std::int64_t now_ms() const noexcept override { return wall_ms_ + passed_ms_; }
    [[nodiscard]] std::int64_t monotonic_ms() const noexcept override { return passed_ms_; }
    void advance_ms(std::int64_t by) noexcept { passed_ms_ += by; }
    void jump_ms(std::int64_t by) noexcept { wall_ms_ += by; }

private:
    std::int64_t wall_ms_ = 1'700'000'000'000;
    std::int64_t passed_ms_ = 1'000'000;
};

struct BrokerBench {
    explicit BrokerBench(std::size_t shards = 1, BrokerSettings settings = {});
    // A connected client; its CONNACK has been taken. `shard` accepts it.
    Client connect(std::string_view client_id, mqtt::Version version = mqtt::Version::v311,
                   std::size_t shard = 0, mqtt::Properties properties = {});
    Client connect(const mqtt::Connect& packet, std::size_t shard = 0);
    Client open(std::size_t shard = 0, mqtt::Version version = mqtt::Version::v311);
    // A client id that starts with `start` and lives on `shard`.
    std::string id_on(std::size_t shard, std::string_view start) const;
    // The server is killed, what was not written is lost, and another starts on the same log. Old
    // clients are not to be used any more.
    void crash();
    // The same, where the start may fail.
    Result<void> restart();
    // Turns and stores until nothing moves.
    void settle();
    // A second later: what nobody waits for is written as well.
    void settle_lazily();
    void start(std::size_t shard_count);
    // Before anybody connects; also of the servers that start after a crash.
    void set_gate(Gate& its_gate) {
        gate = &its_gate;
        broker->set_gate(its_gate);
    }
    Result<void> loaded = ok();

    TestClock clock;
    BrokerSettings settings;
    std::unique_ptr<Metrics> metrics = std::make_unique<Metrics>();
    MemoryAccount memory{64U << 20U};
    MemoryLog log;
    Gate* gate = nullptr;
    std::unique_ptr<Broker> broker;
    std::vector<std::unique_ptr<ShardBench>> shards;
};

} // namespace holdfast::broker::test
