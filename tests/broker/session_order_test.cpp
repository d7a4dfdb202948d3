// Goal: what a persistent session is promised holds through restarts: its own being, order, and
// truthful marks. Method: servers that die between two steps, over a log in memory.
#include "broker/broker_bench.hpp"

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::PacketType;

namespace {

mqtt::Connect lasting(std::string_view client_id, mqtt::Version version = mqtt::Version::v311) {
    mqtt::Connect packet;
    packet.version = version;
    packet.client_id = client_id;
    packet.clean_start = false;
    if (version == mqtt::Version::v5) packet.properties.session_expiry_interval_s = 3600;
    return packet;
}

Client subscribed(BrokerBench& bench) {
    Client client = bench.connect(lasting("sub"));
    client.subscribe("a", mqtt::Qos::exactly_once);
    bench.settle();
    (void)client.received();
    return client;
}

// 1 and 3 with QoS 1, 2 and 4 with QoS 2.
void publish_four(BrokerBench& bench) {
    const Client publisher = bench.connect("pub");
    publisher.publish("a", "1", 1);
    publisher.publish_qos2("a", "2", 2);
    publisher.publish("a", "3", 3);
    publisher.publish_qos2("a", "4", 4);
    bench.settle();
}

// Lines without their packet ids.
Lines without_ids(Lines lines) {
    for (std::string& line : lines) line.resize(std::min(line.size(), line.find(" #")));
    return lines;
}

} // namespace

TEST_CASE("QoS 1 and QoS 2 come to a session in the order of the log", "[broker][session]") {
    BrokerBench bench;
    const Client client = subscribed(bench);
    const bool is_away = GENERATE(false, true);
    if (is_away) client.hang_up();
    publish_four(bench);
    const Lines wanted{"PUBLISH a 1", "PUBLISH a 2 qos2", "PUBLISH a 3", "PUBLISH a 4 qos2"};
    if (!is_away) {
        CHECK(without_ids(client.received()) == wanted);
        return;
    }
    const Client back = bench.connect(lasting("sub"));
    Lines got = back.connection->greeting;
    got.erase(got.begin());
    CHECK(without_ids(got) == wanted);
}

TEST_CASE("after a restart what may have been sent comes as a duplicate, in the order of the log",
          "[broker][session]") {
    BrokerBench bench;
    const Client client = subscribed(bench);
    publish_four(bench);
    CHECK(client.received().size() == 4);
    const bool hangs_up = GENERATE(false, true);
    if (hangs_up) {
        client.hang_up();
        bench.settle_lazily();
        const Client publisher = bench.connect("pub");
        publisher.publish("a", "5", 5);
        bench.settle();
    }
    bench.crash();
    Lines got = bench.connect(lasting("sub")).connection->greeting;
    got.erase(got.begin());
    Lines wanted{"PUBLISH a 1 dup", "PUBLISH a 2 qos2 dup", "PUBLISH a 3 dup",
                 "PUBLISH a 4 qos2 dup"};
    if (hangs_up) wanted.emplace_back("PUBLISH a 5");
    CHECK(without_ids(got) == wanted);
}

TEST_CASE("a persistent session is greeted when it is stored, with its will",
          "[broker][session][will]") {
    BrokerBench bench;
    const Client client = bench.open(0, mqtt::Version::v5);
    mqtt::Connect packet = lasting("car", mqtt::Version::v5);
    packet.will.emplace();
    packet.will->topic = "status";
    packet.will->payload = as_bytes("offline");
    Bytes out;
    mqtt::encode_connect(out, packet);
    client.send(out);
    client.publish("a", "x", 7); // as a client may that does not wait
    bench.shards[0]->run();
    CHECK(client.received().empty());
    bench.log.store();
    bench.shards[0]->run();
    CHECK(client.received().front() == "CONNACK 0");
    bench.crash(); // at once
    bench.clock.advance_ms(3'600'000);
    bench.settle_lazily();
    REQUIRE(bench.log.stored.size() == 1);
    CHECK(bench.log.stored[0].value == "offline");
}

TEST_CASE("what a client sends behind its CONNECT is answered behind the CONNACK",
          "[broker][session]") {
    BrokerBench bench;
    const Client client = bench.open();
    Bytes out;
    mqtt::encode_connect(out, lasting("car"));
    client.send(out);
    client.publish("a", "x", 7);
    client.send(Bytes{std::byte{0xC0}, std::byte{0}}); // PINGREQ
    bench.settle();
    Lines lines = client.received();
    CHECK(lines.front() == "CONNACK 0");
    std::ranges::sort(lines);
    CHECK(lines == Lines{"CONNACK 0", "PINGRESP", "PUBACK #7"});
}
