// Goal: what a client that comes back may rely on: its subscriptions, its messages in order, QoS 2
// once, whoever died meanwhile (MQTT5 sections 4.1 and 4.4). Method: shards over a transport and a
// log in memory; a crash loses all but what the log had stored.
#include "broker/broker_bench.hpp"

#include <holdfast/broker/keyspaces.hpp>

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::PacketType;
using mqtt::Qos;

namespace {

mqtt::Connect lasting(std::string_view client_id, mqtt::Version version = mqtt::Version::v311,
                      std::uint32_t expiry_s = 3600) {
    mqtt::Connect packet;
    packet.version = version;
    packet.client_id = client_id;
    packet.clean_start = false;
    if (version == mqtt::Version::v5) packet.properties.session_expiry_interval_s = expiry_s;
    return packet;
}

// A client with a persistent session that is subscribed to `filter`.
Client subscribed(BrokerBench& bench, std::string_view client_id, std::string_view filter, Qos qos,
                  mqtt::Version version = mqtt::Version::v311) {
    Client client = bench.connect(lasting(client_id, version));
    client.subscribe(filter, qos);
    bench.settle();
    REQUIRE(client.received().size() == 1);
    return client;
}

Lines greeting_of(const Client& client) {
    return client.connection->greeting;
}

} // namespace

TEST_CASE("messages of QoS 1 wait for a session that is away, in order", "[broker][session]") {
    BrokerBench bench(2);
    const bool crashes = GENERATE(false, true);
    subscribed(bench, "sub", "fleet/#", Qos::at_least_once).hang_up();
    Client publisher = bench.connect("pub");
    Lines wanted{"CONNACK 0 present"};
    for (std::uint16_t i = 1; i <= 20; ++i) {
        publisher.publish("fleet/car-1/in", std::to_string(i), i);
        wanted.push_back(fmt::format("PUBLISH fleet/car-1/in {} #{}", i, i));
        if (i % 3 == 0) bench.settle();
    }
    publisher.publish("fleet/car-1/in", "not kept");
    bench.settle();
    if (crashes) bench.crash();
    const Client back = bench.connect(lasting("sub"));
    CHECK(greeting_of(back) == wanted);
    for (std::uint16_t i = 1; i <= 20; ++i) back.acknowledge(i);
    bench.settle();

    publisher = bench.connect("pub");
    publisher.publish("fleet/car-1/in", "live", 1);
    bench.settle();
    CHECK(back.received() == Lines{"PUBLISH fleet/car-1/in live #21"});
    back.acknowledge(21);
    bench.settle_lazily();
    bench.crash();
    CHECK(greeting_of(bench.connect(lasting("sub"))) == Lines{"CONNACK 0 present"});
}

TEST_CASE("what was not acknowledged comes again with its packet id, before anything new",
          "[broker][session]") {
    BrokerBench bench;
    const Client first = subscribed(bench, "sub", "a", Qos::at_least_once);
    const Client publisher = bench.connect("pub");
    for (std::uint16_t i = 1; i <= 3; ++i) publisher.publish("a", std::to_string(i), i);
    bench.settle();
    CHECK(first.received() == Lines{"PUBLISH a 1 #1", "PUBLISH a 2 #2", "PUBLISH a 3 #3"});
    first.acknowledge(2);
    first.hang_up();
    publisher.publish("a", "4", 4);
    bench.settle();
    const Client second = bench.connect(lasting("sub"));
    CHECK(greeting_of(second) ==
          Lines{"CONNACK 0 present", "PUBLISH a 1 dup #1", "PUBLISH a 3 dup #3", "PUBLISH a 4 #4"});
}

TEST_CASE("a session is taken over with what it has", "[broker][session]") {
    BrokerBench bench(2);
    const Client first = subscribed(bench, "sub", "a", Qos::at_least_once, mqtt::Version::v5);
    const Client publisher = bench.connect("pub");
    publisher.publish("a", "1", 1);
    bench.settle();
    (void)first.received();
    const Client second = bench.connect(lasting("sub", mqtt::Version::v5), 1);
    CHECK(first.received() == Lines{"DISCONNECT 142"});
    CHECK(greeting_of(second) == Lines{"CONNACK 0 present", "PUBLISH a 1 dup #1"});
}

TEST_CASE("a clean start ends the session and its queue", "[broker][session]") {
    BrokerBench bench;
    subscribed(bench, "sub", "a", Qos::at_least_once).hang_up();
    const Client publisher = bench.connect("pub");
    publisher.publish("a", "1", 1);
    bench.settle();
    bench.connect("sub").hang_up();
    publisher.publish("a", "2", 2);
    bench.settle_lazily();
    CHECK(greeting_of(bench.connect(lasting("sub"))) == Lines{"CONNACK 0"});
    CHECK(bench.broker->subscriptions().size() == 0);
    bench.settle_lazily();
    CHECK(bench.log.state_count(broker::kSessionsKeyspace) == 1); // the new session's own record
}

TEST_CASE("a session expires, and one that does not is there after any time", "[broker][session]") {
    BrokerBench bench;
    const std::uint32_t expiry_s = GENERATE(10U, 3600U);
    const bool crashes = GENERATE(false, true);
    Client client = bench.connect(lasting("sub", mqtt::Version::v5, expiry_s));
    client.subscribe("a", Qos::at_least_once);
    bench.settle();
    client.hang_up();
    bench.settle_lazily();
    if (crashes) bench.crash();
    bench.clock.advance_ms(10'500);
    bench.settle_lazily();
    CHECK(bench.broker->subscriptions().size() == (expiry_s == 10 ? 0 : 1));
    const Client back = bench.connect(lasting("sub", mqtt::Version::v5, expiry_s));
    CHECK(greeting_of(back) == Lines{expiry_s == 10 ? "CONNACK 0" : "CONNACK 0 present"});
}

TEST_CASE("the longest expiry is the server's, and the client is told", "[broker][session]") {
    BrokerSettings settings;
    settings.session_expiry_max_s = 60;
    BrokerBench bench(1, settings);
    const Client client = bench.open(0, mqtt::Version::v5);
    Bytes out;
    mqtt::encode_connect(out, lasting("sub", mqtt::Version::v5, 3600));
    client.send(out);
    bench.settle();
    const Bytes bytes = client.take_bytes();
    const mqtt::Frame frame = mqtt::next_frame(bytes, UINT32_MAX);
    const auto connack = mqtt::decode_connack(frame.body, mqtt::Version::v5).value();
    CHECK(connack.properties.session_expiry_interval_s == 60U);
}

TEST_CASE("a subscription is acknowledged when it is stored", "[broker][session]") {
    BrokerBench bench;
    const Client client = bench.connect(lasting("sub"));
    client.subscribe("a", Qos::at_least_once);
    bench.shards[0]->run();
    CHECK(client.received().empty());
    bench.crash();
    CHECK(bench.broker->subscriptions().size() == 0);
}

TEST_CASE("QoS 2 from a client is stored once whatever dies", "[broker][session][qos2]") {
    BrokerBench bench;
    Client publisher = bench.connect(lasting("pub"));
    publisher.publish_qos2("a", "x", 7);
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBREC #7"});
    bench.crash();
    publisher = bench.connect(lasting("pub"));
    publisher.publish_qos2("a", "x", 7, true); // the PUBREC was lost
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBREC #7"});
    CHECK(bench.log.stored.size() == 1);
    publisher.send_ack(PacketType::pubrel, 7);
    bench.shards[0]->run();
    CHECK(publisher.received().empty()); // its packet id is not free before that is stored
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBCOMP #7"});
    bench.crash();
    publisher = bench.connect(lasting("pub"));
    publisher.publish_qos2("a", "another", 7);
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBREC #7"});
    CHECK(bench.log.stored.size() == 2);
}

TEST_CASE("QoS 2 to a client is delivered once wherever the server dies",
          "[broker][session][qos2]") {
    BrokerBench bench;
    Client client = subscribed(bench, "sub", "a", Qos::exactly_once);
    const Client publisher = bench.connect("pub");
    publisher.publish_qos2("a", "x", 1);
    const int died_after = GENERATE(0, 1, 2, 3);
    bench.settle();
    CHECK(client.received() == Lines{"PUBLISH a x qos2 #1"});
    const auto comes_back = [&] {
        bench.crash();
        client = bench.connect(lasting("sub"));
        return greeting_of(client);
    };
    if (died_after == 0)
        CHECK(comes_back() == Lines{"CONNACK 0 present", "PUBLISH a x qos2 dup #1"});
    client.send_ack(PacketType::pubrec, 1);
    if (died_after == 1) { // before the server could note it
        bench.shards[0]->run();
        CHECK(client.received().empty());
        CHECK(comes_back() == Lines{"CONNACK 0 present", "PUBLISH a x qos2 dup #1"});
        client.send_ack(PacketType::pubrec, 1);
    }
    bench.settle();
    CHECK(client.received() == Lines{"PUBREL #1"});
    if (died_after == 2) CHECK(comes_back() == Lines{"CONNACK 0 present", "PUBREL #1"});
    client.send_ack(PacketType::pubcomp, 1);
    bench.settle_lazily();
    CHECK(client.received().empty());
    if (died_after == 3) CHECK(comes_back() == Lines{"CONNACK 0 present"});
    CHECK(bench.log.state_count(broker::kSessionsKeyspace) == 2); // the session, its subscription
}

TEST_CASE("a QoS 2 message is not sent before its packet id is stored", "[broker][session][qos2]") {
    BrokerBench bench;
    const Client client = subscribed(bench, "sub", "a", Qos::exactly_once);
    const Client publisher = bench.connect("pub");
    publisher.publish_qos2("a", "x", 1);
    bench.shards[0]->run();
    bench.log.store();
    bench.shards[0]->run(); // the message is stored
    CHECK(client.received().empty());
    bench.settle();
    CHECK(client.received() == Lines{"PUBLISH a x qos2 #1"});
}

TEST_CASE("a full queue takes no more, counts it, and gives what it has", "[broker][session]") {
    BrokerSettings settings;
    settings.session_messages_max = 3;
    BrokerBench bench(1, settings);
    subscribed(bench, "sub", "a", Qos::at_least_once).hang_up();
    const Client publisher = bench.connect("pub");
    for (std::uint16_t i = 1; i <= 5; ++i) {
        publisher.publish("a", std::to_string(i), i);
        bench.settle();
    }
    CHECK(bench.broker->counters().dropped_queue_full.value() == 2);
    const Client back = bench.connect(lasting("sub"));
    CHECK(greeting_of(back) ==
          Lines{"CONNACK 0 present", "PUBLISH a 1 #1", "PUBLISH a 2 #2", "PUBLISH a 3 #3"});
    for (std::uint16_t i = 1; i <= 3; ++i) back.acknowledge(i);
    publisher.publish("a", "6", 6);
    bench.settle();
    CHECK(back.received() == Lines{"PUBLISH a 6 #4"});
}

TEST_CASE("a queue far longer than what is kept in memory comes whole and in order",
          "[broker][session]") {
    BrokerBench bench;
    subscribed(bench, "sub", "a", Qos::at_least_once).hang_up();
    const Client publisher = bench.connect("pub");
    constexpr int kMessages = 3000;
    for (int i = 1; i <= kMessages; ++i) {
        publisher.publish("a", std::to_string(i), static_cast<std::uint16_t>(i));
        if (i % 10 == 0 || i < 200) bench.settle();
    }
    bench.settle();
    bench.crash();
    mqtt::Connect packet = lasting("sub", mqtt::Version::v5);
    packet.properties.receive_maximum = std::uint16_t{7};
    const Client back = bench.connect(packet);
    Lines lines = greeting_of(back);
    lines.erase(lines.begin());
    int next = 1;
    while (!lines.empty()) {
        CHECK(lines.size() <= 7);
        for (const std::string& line : lines) {
            const auto packet_id = static_cast<std::uint16_t>(next);
            REQUIRE(line == fmt::format("PUBLISH a {} #{}", next, packet_id));
            back.acknowledge(packet_id);
            ++next;
        }
        bench.settle();
        lines = back.received();
    }
    CHECK(next == kMessages + 1);
    bench.settle_lazily();
    CHECK(bench.log.state_count(broker::kSessionsKeyspace) == 2);
}

TEST_CASE("what the log has forgotten or what has expired is left out, and counted",
          "[broker][session]") {
    BrokerBench bench;
    subscribed(bench, "sub", "a", Qos::at_least_once, mqtt::Version::v5).hang_up();
    const Client publisher = bench.connect("pub", mqtt::Version::v5);
    publisher.publish("a", "gone", 1);
    bench.settle();
    bench.log.forget_records();
    mqtt::Properties short_lived;
    short_lived.message_expiry_interval_s = 5;
    publisher.publish("a", "late", 2, short_lived);
    short_lived.message_expiry_interval_s = 500;
    publisher.publish("a", "kept", 3, short_lived);
    bench.settle();
    bench.clock.advance_ms(6'000);
    const Client back = bench.connect(lasting("sub", mqtt::Version::v5));
    REQUIRE(greeting_of(back).size() == 2);
    CHECK(greeting_of(back)[1].starts_with("PUBLISH a kept"));
    CHECK(bench.broker->counters().dropped_gone.value() == 1);
    CHECK(bench.broker->counters().dropped_expired.value() == 1);
}

TEST_CASE("a will waits for its delay, comes after a crash, and is withdrawn by a return",
          "[broker][session][will]") {
    BrokerBench bench;
    mqtt::Connect packet = lasting("car", mqtt::Version::v5);
    packet.will.emplace();
    packet.will->topic = "status";
    packet.will->payload = as_bytes("offline");
    packet.will->properties.will_delay_interval_s = 10;
    const auto way = GENERATE(0, 1, 2);
    bench.connect(packet).hang_up();
    bench.settle_lazily();
    CHECK(bench.log.stored.empty());
    if (way == 1) bench.crash();
    if (way == 2) (void)bench.connect(lasting("car", mqtt::Version::v5));
    bench.clock.advance_ms(10'500);
    bench.settle_lazily();
    CHECK(bench.log.stored.size() == (way == 2 ? 0 : 1));
}

TEST_CASE("retained messages come to new subscribers, whole and after a crash",
          "[broker][retained]") {
    BrokerBench bench(2);
    const Client publisher = bench.connect("pub");
    constexpr int kTopics = 1500;
    for (int i = 0; i < kTopics; ++i)
        publisher.send(mqtt::Publish{fmt::format("r/{:04}", i),
                                     as_bytes("v"),
                                     {},
                                     static_cast<std::uint16_t>(i + 1),
                                     Qos::at_least_once,
                                     true,
                                     false});
    publisher.send(mqtt::Publish{"r/0000", {}, {}, 2000, Qos::at_least_once, true, false});
    bench.settle();
    if (GENERATE(false, true)) bench.crash();
    const bool is_lasting = GENERATE(false, true);
    const Client client = is_lasting ? bench.connect(lasting("sub")) : bench.connect("sub");
    client.subscribe("r/#", GENERATE(Qos::at_most_once, Qos::at_least_once));
    bench.settle();
    const Lines lines = client.received();
    CHECK(lines.size() == kTopics); // SUBACK and all but the one that was cleared
    CHECK(std::ranges::count_if(lines, [](const std::string& line) {
              return line.starts_with("PUBLISH r/") && line.find(" v retain") != line.npos;
          }) == kTopics - 1);
}

TEST_CASE("retain handling and retain as published do as they say", "[broker][retained]") {
    BrokerBench bench;
    const Client publisher = bench.connect("pub");
    publisher.send(mqtt::Publish{"a", as_bytes("old"), {}, 1, Qos::at_least_once, true, false});
    bench.settle();
    const auto subscribe = [&](const Client& client, std::uint8_t handling, bool as_published) {
        mqtt::Subscribe packet;
        packet.packet_id = 1;
        packet.requests.push_back({"a", Qos::at_most_once, false, as_published, handling});
        Bytes out;
        mqtt::encode_subscribe(out, packet, mqtt::Version::v5);
        client.send(out);
        bench.settle();
        return client.received();
    };
    const Client client = bench.connect("sub", mqtt::Version::v5);
    CHECK(subscribe(client, 2, false) == Lines{"SUBACK 0"});
    CHECK(subscribe(client, 1, false) == Lines{"SUBACK 0"}); // it was there already
    CHECK(subscribe(client, 0, false) == Lines{"SUBACK 0", "PUBLISH a old retain"});
    CHECK(subscribe(client, 2, true) == Lines{"SUBACK 0"});
    const Client other = bench.connect("other", mqtt::Version::v5);
    CHECK(subscribe(other, 1, false) == Lines{"SUBACK 0", "PUBLISH a old retain"});
    publisher.send(mqtt::Publish{"a", as_bytes("new"), {}, 2, Qos::at_least_once, true, false});
    bench.settle();
    CHECK(client.received() == Lines{"PUBLISH a new retain"});
    CHECK(other.received() == Lines{"PUBLISH a new"});
}
