// Goal: connections that end at an awkward moment end once, and disturb nobody else. Method: shards
// over a transport and a log in memory.
#include "broker/broker_bench.hpp"

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

void take_all_memory(BrokerBench& bench) {
    REQUIRE(bench.memory.try_take(bench.memory.limit_bytes() - bench.memory.used_bytes()));
}

} // namespace

TEST_CASE("a connection whose last words find no memory is closed once", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("client", mqtt::Version::v5);
    client.stop_reading();
    take_all_memory(bench);
    client.send(Bytes{std::byte{0xC0}, std::byte{1}, std::byte{0}}); // PINGREQ with a body
    bench.settle();
    CHECK(client.line().is_closed);
    const Client one = bench.open();
    const Client other = bench.open();
    CHECK(one.line().slot != other.line().slot);
}

TEST_CASE("the will of a subscriber that ends amid a fan-out follows behind it", "[broker][will]") {
    BrokerBench bench;
    mqtt::Connect packet;
    packet.version = mqtt::Version::v311;
    packet.client_id = "slow";
    packet.will.emplace();
    packet.will->topic = "will";
    const std::string payload(16'000, 'w');
    packet.will->payload = as_bytes(payload);
    const Client slow = bench.connect(packet);
    slow.subscribe("a", mqtt::Qos::at_most_once);
    const Client healthy = bench.connect("healthy");
    healthy.subscribe("#", mqtt::Qos::at_most_once);
    const Client publisher = bench.connect("pub");
    (void)healthy.received();
    bench.settle();
    slow.stop_reading();
    take_all_memory(bench);
    slow.send(Bytes{std::byte{0xC0}, std::byte{0}}); // PINGREQ: its answer finds no memory
    publisher.publish("a", std::string(100, 'x'));
    bench.shards[0]->run();
    CHECK(slow.line().is_closed);
    CHECK(healthy.received() ==
          Lines{fmt::format("PUBLISH a {:x<100}", ""), fmt::format("PUBLISH will {}", payload)});
}

TEST_CASE("one batch may name more topics than are kept in memory", "[broker][publisher]") {
    BrokerBench bench;
    constexpr std::size_t kTopics = 600;
    PublishBatch batch;
    for (std::size_t i = 0; i < kTopics; ++i) {
        OutMessage message;
        message.topic = fmt::format("{}/{:t<60000}", i, "");
        message.client_id = "rule:long";
        message.payload = "x";
        batch.messages.push_back(std::move(message));
    }
    std::size_t placed = 0;
    bench.broker->publish(std::move(batch), [&](const Result<std::vector<Placed>>& outcome) {
        REQUIRE(outcome);
        placed = outcome.value().size();
    });
    bench.settle();
    CHECK(placed == kTopics);
    CHECK(bench.log.stored.size() == kTopics);
}
