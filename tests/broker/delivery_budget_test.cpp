// Goal: what subscribers do not read takes no more than its part of the memory, and nobody pays for
// them but themselves. Method: shards over a transport whose sockets stop taking bytes.
#include "broker/broker_bench.hpp"

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

constexpr std::size_t kPayloadBytes = 60'000;

// Subscribers of `a` that read nothing any more.
std::vector<Client> stalled(BrokerBench& bench, int count, mqtt::Qos qos) {
    std::vector<Client> clients;
    for (int i = 0; i < count; ++i) {
        clients.push_back(bench.connect(fmt::format("stalled-{}", i)));
        clients.back().subscribe("a", qos);
        bench.settle();
        clients.back().stop_reading();
    }
    return clients;
}

void flood(BrokerBench& bench, const Client& publisher, int messages, std::uint16_t packet_id) {
    for (int i = 0; i < messages; ++i) {
        publisher.publish("a", std::string(kPayloadBytes, 'x'), packet_id);
        bench.settle();
    }
}

bool is_open(const Client& client) {
    return !client.line().is_closed;
}

} // namespace

TEST_CASE("subscribers that do not read lose QoS 0, stay, and leave room for everybody else",
          "[broker][memory]") {
    BrokerBench bench;
    const auto slow = stalled(bench, 20, mqtt::Qos::at_most_once);
    const Client publisher = bench.connect("pub");
    flood(bench, publisher, 200, 0); // 240 MB for them all, of 64 that there are
    CHECK(std::ranges::all_of(slow, is_open));
    CHECK(bench.memory.used_bytes() < bench.memory.limit_bytes() / 2);
    CHECK(bench.broker->counters().dropped_slow.value() > 0);

    const Client late = bench.connect("late");
    late.subscribe("a", mqtt::Qos::at_least_once);
    bench.settle();
    (void)late.received();
    late.stop_reading();
    flood(bench, publisher, 3, 1);
    late.read_on();
    CHECK(late.received().size() == 3);
    for (const Client& client : slow) client.hang_up();
    CHECK(bench.memory.used_bytes() == 0);
}

TEST_CASE("where there is no room for QoS 1, who has read nothing for longest is closed",
          "[broker][memory]") {
    BrokerBench bench;
    const Client reader = bench.connect("reader");
    reader.subscribe("a", mqtt::Qos::at_least_once);
    const auto slow = stalled(bench, 4, mqtt::Qos::at_least_once);
    (void)reader.received();
    const Client publisher = bench.connect("pub");
    int got = 0;
    for (int i = 0; i < 40; ++i) {
        bench.clock.advance_ms(100);
        reader.stop_reading(); // it lags ten messages behind, then catches up
        flood(bench, publisher, 10, 1);
        REQUIRE(is_open(reader));
        reader.read_on();
        got += static_cast<int>(reader.received().size());
    }
    CHECK(got == 400);
    CHECK(std::ranges::none_of(slow, is_open));
    CHECK(bench.broker->counters().closed_slow.value() == slow.size());
    CHECK(is_open(publisher));
    CHECK(bench.memory.used_bytes() == 0);
}

TEST_CASE("no publisher is closed for what subscribers do not read", "[broker][memory]") {
    BrokerBench bench;
    const auto slow = stalled(bench, 20, mqtt::Qos::at_most_once);
    const Client publisher = bench.connect("pub");
    flood(bench, publisher, 200, 0);
    mqtt::Publish packet;
    const std::string payload(800'000, 'y');
    packet.topic = "long";
    packet.payload = as_bytes(payload);
    packet.packet_id = 1;
    packet.qos = mqtt::Qos::at_least_once;
    Bytes whole;
    mqtt::encode_publish(whole, packet, mqtt::Version::v311);
    const auto half = whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2);
    publisher.send(Bytes(whole.begin(), half));
    publisher.send(Bytes(half, whole.end()));
    bench.settle();
    CHECK(is_open(publisher));
    CHECK(publisher.received().back() == "PUBACK #1");
}

TEST_CASE("a packet of QoS 0 that a socket took in part comes whole, and what follows it",
          "[broker][memory]") {
    BrokerBench bench;
    const Client subscriber = bench.connect("sub");
    subscriber.subscribe("#", mqtt::Qos::at_most_once);
    const Client publisher = bench.connect("pub");
    bench.settle();
    (void)subscriber.received();
    const std::size_t taken = GENERATE(0U, 1U, 4U, 5U, 6U, 9U, 10U, 11U);
    subscriber.line().socket_room = taken;
    publisher.publish("a", "1");
    publisher.publish("a", "2");
    bench.settle();
    REQUIRE(bench.memory.try_take(bench.memory.limit_bytes() - bench.memory.used_bytes()));
    publisher.publish("a", "lost");
    bench.settle();
    subscriber.read_on();
    CHECK(subscriber.received() == Lines{"PUBLISH a 1", "PUBLISH a 2"});
    publisher.publish("a", "3");
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 3"});
}

TEST_CASE("a shard reads nothing while others have not delivered what it handed them",
          "[broker][memory]") {
    BrokerBench bench(2);
    const Client there = bench.connect(bench.id_on(1, "there"));
    there.subscribe("a", mqtt::Qos::at_most_once);
    const Client publisher = bench.connect(bench.id_on(0, "pub"));
    bench.settle();
    int messages = 0;
    Shard& source = bench.shards[0]->shard;
    for (; source.wants_input() && messages < 1000; ++messages) {
        publisher.publish("a", std::string(kPayloadBytes, 'x'));
        bench.shards[0]->run();
        bench.log.store();
        bench.shards[0]->run();
    }
    CHECK(messages < 1000);
    CHECK(bench.shards[0]->tasks.empty());
    bench.shards[1]->run();
    CHECK(source.wants_input());
    CHECK(bench.shards[0]->tasks.size() == 1); // it is woken up
    (void)there.take_bytes();
}
