// Goal: a will is published exactly when its client goes without saying goodbye (MQTT5 section
// 3.1.2.5). Method: shards over a transport and a log in memory.
#include "broker/broker_bench.hpp"

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

mqtt::Connect with_will(std::string_view client_id, mqtt::Version version) {
    mqtt::Connect packet;
    packet.version = version;
    packet.client_id = client_id;
    packet.keep_alive_s = 10;
    packet.will.emplace();
    packet.will->topic = "fleet/car-1/in";
    packet.will->payload = as_bytes("offline");
    packet.will->qos = mqtt::Qos::at_least_once;
    if (version == mqtt::Version::v5)
        packet.will->properties.user_properties.emplace_back("why", "lost");
    return packet;
}

} // namespace

TEST_CASE("a will is published when the connection is lost, and stored", "[broker][will]") {
    BrokerBench bench;
    const auto version = GENERATE(mqtt::Version::v311, mqtt::Version::v5);
    const Client watcher = bench.connect("watcher", mqtt::Version::v5);
    watcher.subscribe("fleet/#", mqtt::Qos::at_least_once);
    bench.settle();
    (void)watcher.received();
    enum class Way { hang_up, keep_alive, protocol_error, taken_over, disconnect_with_will };
    const auto way = GENERATE(Way::hang_up, Way::keep_alive, Way::protocol_error, Way::taken_over,
                              Way::disconnect_with_will);
    const Client client = bench.connect(with_will("car", version));
    switch (way) {
        case Way::hang_up: client.hang_up(); break;
        case Way::keep_alive:
            bench.clock.advance_ms(15'001);
            bench.shards[0]->run();
            bench.shards[0]->shard.tick();
            break;
        case Way::protocol_error: client.send(Bytes{std::byte{0}, std::byte{0}}); break;
        case Way::taken_over: (void)bench.connect("car"); break;
        case Way::disconnect_with_will:
            if (version != mqtt::Version::v5) return;
            client.send(Bytes{std::byte{0xE0}, std::byte{1}, std::byte{4}});
            break;
    }
    bench.settle();
    CHECK(client.line().is_closed);
    const std::string suffix = version == mqtt::Version::v5 ? " why=lost" : "";
    CHECK(watcher.received() == Lines{"PUBLISH fleet/car-1/in offline #1" + suffix});
    REQUIRE(bench.log.stored.size() == 1);
    CHECK(bench.log.stored[0].key == "car-1");
    CHECK(bench.log.stored[0].headers.at("mqtt.client") == "car");
}

TEST_CASE("no will is published after a goodbye", "[broker][will]") {
    BrokerBench bench;
    const Client client = bench.connect(with_will("car", mqtt::Version::v311));
    client.send(Bytes{std::byte{0xE0}, std::byte{0}});
    bench.settle();
    CHECK(client.line().is_closed);
    CHECK(bench.log.stored.empty());
}
