// Goal: what waits for a session, and what is retained, is read without work being done twice, and
// away from the event loop. Method: shards over a log in memory that counts its reads and notes who
// reads; the pool of readers runs where a test starts it.
#include "broker/broker_bench.hpp"

#include <fmt/format.h>

#include <chrono>
#include <set>
#include <thread>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

mqtt::Connect lasting(std::string_view client_id) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v311;
    packet.client_id = client_id;
    packet.clean_start = false;
    return packet;
}

Client subscribed(BrokerBench& bench, std::string_view client_id, std::string_view filter) {
    Client client = bench.connect(lasting(client_id));
    client.subscribe(filter, mqtt::Qos::at_least_once);
    bench.settle();
    REQUIRE(client.received() == Lines{"SUBACK 1"});
    return client;
}

// All that comes until there are `count` lines.
Lines wait_for(BrokerBench& bench, const Client& client, Lines lines, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (lines.size() < count) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        bench.settle();
        for (std::string& line : client.received()) lines.push_back(std::move(line));
        std::this_thread::yield();
    }
    return lines;
}

} // namespace

TEST_CASE("a queue over many partitions reads each batch once", "[broker][session]") {
    BrokerBench bench;
    bench.log.change_stream("telemetry", 16);
    const bool is_away = GENERATE(true, false);
    Client reader = subscribed(bench, "sub", "fleet/#");
    if (is_away) reader.hang_up();
    const Client publisher = bench.connect("pub");
    bench.settle();
    constexpr std::uint16_t kMessages = 200;
    Lines wanted;
    for (std::uint16_t i = 1; i <= kMessages; ++i) {
        const std::string topic = fmt::format("fleet/car-{}/in", i % 50);
        publisher.publish(topic, std::to_string(i), i);
        wanted.push_back(fmt::format("PUBLISH {} {} #{}", topic, i, i));
    }
    bench.settle();
    std::set<PartitionIndex> partitions;
    for (const MemoryLog::Stored& record : bench.log.stored)
        partitions.insert(record.partition.index);
    REQUIRE(partitions.size() > 10);
    if (is_away) {
        wanted.insert(wanted.begin(), "CONNACK 0 present");
        reader = bench.connect(lasting("sub"));
        CHECK(reader.connection->greeting == wanted);
    } else {
        CHECK(reader.received() == wanted);
    }
    CHECK(bench.log.reads.fetches == partitions.size());
}

TEST_CASE("what waits for a session is read away from the event loop, in order",
          "[broker][session]") {
    BrokerBench bench;
    subscribed(bench, "sub", "fleet/#").hang_up();
    const Client publisher = bench.connect("pub");
    constexpr std::uint16_t kMessages = 300;
    Lines wanted{"CONNACK 0 present"};
    for (std::uint16_t i = 1; i <= kMessages; ++i) {
        publisher.publish("fleet/car-1/in", std::to_string(i), i);
        wanted.push_back(fmt::format("PUBLISH fleet/car-1/in {} #{}", i, i));
        if (i % 7 == 0) bench.settle();
    }
    bench.settle();
    bench.broker->reads().start(2);
    (void)bench.log.reads.take_readers();
    const Client back = bench.connect(lasting("sub"));
    CHECK(wait_for(bench, back, back.connection->greeting, wanted.size()) == wanted);
    // What was not acknowledged comes again on the next connection, read in the same way.
    back.hang_up();
    const Client again = bench.connect(lasting("sub"));
    const Lines resent = wait_for(bench, again, again.connection->greeting, wanted.size());
    CHECK(resent.back() == "PUBLISH fleet/car-1/in 300 dup #300");
    CHECK_FALSE(bench.log.reads.take_readers().contains(std::this_thread::get_id()));
    bench.broker->reads().stop();
}

TEST_CASE("a message that comes while the queue is read is not overlooked", "[broker][session]") {
    BrokerBench bench;
    subscribed(bench, "sub", "a").hang_up();
    const Client publisher = bench.connect("pub");
    publisher.publish("a", "before", 1);
    bench.settle();
    const Client back = bench.open();
    Bytes packet;
    mqtt::encode_connect(packet, lasting("sub"));
    back.send(packet);
    publisher.publish("a", "meanwhile", 2);
    bench.settle();
    publisher.publish("a", "after", 3);
    bench.settle();
    CHECK(back.received() == Lines{"CONNACK 0 present", "PUBLISH a before #1",
                                   "PUBLISH a meanwhile #2", "PUBLISH a after #3"});
}

TEST_CASE("retained messages are read away from the event loop", "[broker][retained]") {
    BrokerBench bench;
    const Client publisher = bench.connect("pub");
    Lines wanted{"SUBACK 1"};
    for (std::uint16_t i = 1; i <= 9; ++i) {
        const std::string topic = fmt::format("state/{}", i);
        publisher.send(
            mqtt::Publish{topic, as_bytes("on"), {}, i, mqtt::Qos::at_least_once, true, false});
        wanted.push_back(fmt::format("PUBLISH {} on retain #{}", topic, i));
    }
    bench.settle();
    bench.broker->reads().start(1);
    const Client reader = bench.connect("sub");
    (void)bench.log.reads.take_readers();
    reader.subscribe("state/+", mqtt::Qos::at_least_once);
    CHECK(wait_for(bench, reader, {}, wanted.size()) == wanted);
    CHECK_FALSE(bench.log.reads.take_readers().contains(std::this_thread::get_id()));
    bench.broker->reads().stop();
}

TEST_CASE("a retained message never comes behind the one that has replaced it",
          "[broker][retained]") {
    BrokerBench bench;
    const Client publisher = bench.connect("pub");
    const auto retain = [&](std::string_view payload, std::uint16_t packet_id) {
        publisher.send(mqtt::Publish{
            "state", as_bytes(payload), {}, packet_id, mqtt::Qos::at_least_once, true, false});
    };
    retain("old", 1);
    bench.settle();
    const Client reader = bench.connect("sub");
    reader.subscribe("state", mqtt::Qos::at_least_once);
    const auto answer = bench.shards[0]->next_task(); // it was read, and is held back
    REQUIRE(answer);
    retain("new", 2);
    bench.settle();
    CHECK(reader.received() == Lines{"SUBACK 1", "PUBLISH state new #1"});
    bench.shards[0]->post(answer);
    bench.settle();
    CHECK(reader.received() == Lines{"PUBLISH state new retain #2"});
}
