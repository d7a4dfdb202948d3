#pragma once

// A broker without sockets, disk or threads: shards whose transport keeps what they send, over a
// log that stores when it is told to.

#include "broker/memory_log.hpp"

#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/connack.hpp>
#include <holdfast/mqtt/connect.hpp>
#include <holdfast/mqtt/disconnect.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/mqtt/subscribe.hpp>
#include <holdfast/record/batch_view.hpp>

#include <catch2/catch.hpp>

#include <sys/uio.h>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace holdfast::broker::test {

struct MemoryTransport final : Transport {
    struct Line {
        Bytes sent;
        bool is_closed = false;
        bool is_full = false; // the socket takes nothing more
        std::size_t unsent = 0;
    };
    std::map<std::uint32_t, Line> lines;

    std::size_t send(std::uint32_t slot, std::span<const iovec> pieces) override {
        Line& line = lines[slot];
        for (const iovec& piece : pieces) {
            const auto* begin = static_cast<const std::byte*>(piece.iov_base);
            if (line.is_full)
                line.unsent += piece.iov_len;
            else
                line.sent.insert(line.sent.end(), begin, begin + piece.iov_len);
        }
        return line.unsent;
    }
    void close(std::uint32_t slot) override { lines[slot].is_closed = true; }
};

// One shard with its transport and its port, whose tasks wait for run().
struct ShardBench final : ShardPort {
    ShardBench(std::uint16_t index, Broker& broker) : shard(index, broker, transport) {
        broker.add_port(*this);
    }
    void post(std::function<void(Shard&)> task) override { tasks.push_back(std::move(task)); }
    bool run() {
        const bool had_tasks = !tasks.empty();
        while (!tasks.empty()) {
            auto task = std::move(tasks.front());
            tasks.pop_front();
            task(shard);
        }
        shard.end_turn();
        return had_tasks;
    }
    MemoryTransport transport;
    std::deque<std::function<void(Shard&)>> tasks;
    Shard shard;
};

// A connection as its client sees it.
struct Client {
    ShardBench* bench = nullptr;
    std::uint32_t slot = 0;
    mqtt::Version version = mqtt::Version::v311;

    [[nodiscard]] MemoryTransport::Line& line() const { return bench->transport.lines[slot]; }
    void send(const Bytes& bytes) const { bench->shard.on_bytes(slot, bytes); }
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
    void publish(std::string_view topic, std::string_view payload, std::uint16_t packet_id = 0,
                 mqtt::Properties properties = {}) const {
        mqtt::Publish packet;
        packet.topic = topic;
        packet.payload = as_bytes(payload);
        packet.properties = std::move(properties);
        packet.packet_id = packet_id;
        packet.qos = packet_id == 0 ? mqtt::Qos::at_most_once : mqtt::Qos::at_least_once;
        Bytes out;
        mqtt::encode_publish(out, packet, version);
        send(out);
    }
    void acknowledge(std::uint16_t packet_id) const {
        Bytes out{std::byte{0x40}, std::byte{2}, std::byte{0}, std::byte{0}};
        store_u16_be(out.data() + 2, packet_id);
        send(out);
    }
    // What came since the last call, one line a packet: "PUBLISH topic payload #id", "PUBACK
    // #id"...
    [[nodiscard]] std::vector<std::string> received() const;
    // The first packet since the last call, whole.
    [[nodiscard]] Bytes take_bytes() const { return std::exchange(line().sent, {}); }
};

struct BrokerBench {
    explicit BrokerBench(std::size_t shards = 1, BrokerSettings settings = {});
    // A connected client; its CONNACK has been taken.
    Client connect(std::string_view client_id, mqtt::Version version = mqtt::Version::v311,
                   std::size_t shard = 0, mqtt::Properties properties = {});
    Client open(std::size_t shard = 0, mqtt::Version version = mqtt::Version::v311);
    // Turns and stores until nothing moves.
    void settle();

    ManualClock clock;
    Metrics metrics;
    MemoryAccount memory{64U << 20U};
    MemoryLog log;
    std::unique_ptr<Broker> broker;
    std::vector<std::unique_ptr<ShardBench>> shards;
};

} // namespace holdfast::broker::test
