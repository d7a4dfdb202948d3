// Goal: QoS 2 of sessions that end with their connection: stored once, delivered once, every step
// answered (MQTT5 section 4.3.3). Method: shards over a transport and a log in memory.
#include "broker/broker_bench.hpp"

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::PacketType;

TEST_CASE("a QoS 2 message is stored once however often it comes before its release",
          "[broker][qos2]") {
    BrokerBench bench;
    const auto version = GENERATE(mqtt::Version::v311, mqtt::Version::v5);
    const Client publisher = bench.connect("pub", version);
    publisher.publish_qos2("a", "x", 7);
    bench.shards[0]->run();
    CHECK(publisher.received().empty()); // not stored yet
    publisher.publish_qos2("a", "x", 7, true);
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBREC #7", "PUBREC #7"});
    publisher.publish_qos2("a", "x", 7, true);
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBREC #7"});
    REQUIRE(bench.log.stored.size() == 1);
    CHECK(bench.log.stored[0].headers.at("mqtt.qos") == "2");

    publisher.send_ack(PacketType::pubrel, 7);
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBCOMP #7"});
    publisher.publish_qos2("a", "another", 7);
    bench.settle();
    CHECK(publisher.received() == Lines{"PUBREC #7"});
    CHECK(bench.log.stored.size() == 2);
}

TEST_CASE("a release of what is not known is answered, and told apart where it can be",
          "[broker][qos2]") {
    BrokerBench bench;
    const Client old = bench.connect("old");
    const Client modern = bench.connect("new", mqtt::Version::v5);
    for (const Client& client : {old, modern}) {
        client.send_ack(PacketType::pubrel, 9);
        client.send_ack(PacketType::pubrec, 10);
    }
    bench.settle();
    CHECK(old.received() == Lines{"PUBCOMP #9", "PUBREL #10"});
    CHECK(modern.received() == Lines{"PUBCOMP #9 146", "PUBREL #10 146"});
}

TEST_CASE("a release before its PUBREC is a protocol error", "[broker][qos2]") {
    BrokerBench bench;
    const Client client = bench.connect("pub", mqtt::Version::v5);
    client.publish_qos2("a", "x", 1);
    client.send_ack(PacketType::pubrel, 1);
    CHECK(client.line().is_closed);
    bench.settle();
    CHECK(bench.log.stored.size() == 1);
}

TEST_CASE("a subscriber gets the lower QoS of publication and subscription", "[broker][qos2]") {
    BrokerBench bench;
    std::vector<Client> subscribers;
    for (int qos = 0; qos <= 2; ++qos) {
        subscribers.push_back(bench.connect("s" + std::to_string(qos),
                                            qos == 1 ? mqtt::Version::v5 : mqtt::Version::v311));
        subscribers.back().subscribe("a", static_cast<mqtt::Qos>(qos));
        bench.settle();
        (void)subscribers.back().received();
    }
    const Client publisher = bench.connect("pub");
    publisher.publish_qos2("a", "two", 1);
    publisher.publish("a", "one", 2);
    bench.settle();
    CHECK(subscribers[0].received() == Lines{"PUBLISH a two", "PUBLISH a one"});
    CHECK(subscribers[1].received() == Lines{"PUBLISH a two #1", "PUBLISH a one #2"});
    CHECK(subscribers[2].received() == Lines{"PUBLISH a two qos2 #1", "PUBLISH a one #2"});
}

TEST_CASE("a packet id stays under way until PUBCOMP, and until then counts", "[broker][qos2]") {
    BrokerBench bench;
    mqtt::Properties properties;
    properties.receive_maximum = std::uint16_t{1};
    const Client subscriber = bench.connect("sub", mqtt::Version::v5, 0, properties);
    subscriber.subscribe("a", mqtt::Qos::exactly_once);
    const Client publisher = bench.connect("pub");
    (void)subscriber.received();
    publisher.publish_qos2("a", "1", 1);
    publisher.publish_qos2("a", "2", 2);
    publisher.publish_qos2("a", "3", 3);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 1 qos2 #1"});
    subscriber.send_ack(PacketType::pubrec, 1);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBREL #1"});
    subscriber.send_ack(PacketType::pubcomp, 1);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 2 qos2 #2"});
    subscriber.send_ack(PacketType::pubrec, 2, mqtt::ReasonCode::quota_exceeded);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 3 qos2 #3"}); // refused: nothing to release
    CHECK(bench.memory.used_bytes() == 0);
}

TEST_CASE("more QoS 2 messages than the receive maximum end an MQTT 5 connection",
          "[broker][qos2]") {
    BrokerSettings settings;
    settings.receive_maximum = 2;
    BrokerBench bench(1, settings);
    const Client client = bench.connect("pub", mqtt::Version::v5);
    client.publish_qos2("a", "1", 1);
    client.publish_qos2("a", "2", 2);
    bench.settle();
    client.send_ack(PacketType::pubrel, 1);
    client.publish_qos2("a", "3", 3);
    bench.settle();
    CHECK(client.received() == Lines{"PUBREC #1", "PUBREC #2", "PUBCOMP #1", "PUBREC #3"});
    client.publish_qos2("a", "4", 4);
    CHECK(client.received() == Lines{"DISCONNECT 147"});
    CHECK(client.line().is_closed);
}
