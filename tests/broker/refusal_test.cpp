// Goal: a message that is not taken is not acknowledged as taken, and what has expired gives its
// room back. Method: shards over memory.
#include "broker/broker_bench.hpp"

#include <holdfast/broker/keyspaces.hpp>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::Qos;

namespace {

void retain(const Client& client, std::string_view topic, std::size_t bytes,
            std::optional<std::uint32_t> expiry_s = std::nullopt, Qos qos = Qos::at_least_once) {
    const std::string payload(bytes, 'x');
    mqtt::Properties properties;
    properties.message_expiry_interval_s = expiry_s;
    client.send(mqtt::Publish{topic, as_bytes(payload), properties, 1, qos, true, false});
}

} // namespace

TEST_CASE("a topic that no route takes: MQTT 5 is told and stays, in its turn", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("client", mqtt::Version::v5);
    client.publish("a", "x", 1);
    client.publish("nowhere/x", "x", 2);
    client.publish_qos2("nowhere/x", "x", 3);
    client.publish("nowhere/x", "x");
    client.publish("a", "y", 4);
    bench.settle();
    CHECK(client.received() == Lines{"PUBACK #1", "PUBACK #2 144", "PUBREC #3 144", "PUBACK #4"});
    CHECK(bench.log.stored.size() == 2);
    CHECK(bench.broker->counters().dropped_no_stream.value() == 3);
    client.publish_qos2("a", "z", 3); // its packet id is free again
    bench.settle();
    CHECK(client.received() == Lines{"PUBREC #3"});
}

TEST_CASE("a topic that no route takes: MQTT 3 is closed, or as the settings say", "[broker]") {
    BrokerSettings settings;
    settings.drops_refused_publish = GENERATE(false, true);
    BrokerBench bench(1, settings);
    const Client client = bench.connect("client");
    client.publish("nowhere/x", "x", 1);
    bench.settle();
    CHECK(client.line().is_closed != settings.drops_refused_publish);
    if (!settings.drops_refused_publish) return;
    CHECK(client.received() == Lines{"PUBACK #1"});
    client.publish_qos2("nowhere/x", "x", 2);
    bench.settle();
    client.send_ack(mqtt::PacketType::pubrel, 2);
    bench.settle();
    CHECK(client.received() == Lines{"PUBREC #2", "PUBCOMP #2"});
    CHECK(bench.log.stored.empty());
}

TEST_CASE("a message that cannot be retained is refused where that can be said",
          "[broker][retained]") {
    BrokerSettings settings;
    settings.retained_bytes_max = 2000;
    BrokerBench bench(1, settings);
    const Client modern = bench.connect("modern", mqtt::Version::v5);
    retain(modern, "a", 1500);
    bench.settle();
    CHECK(modern.received() == Lines{"PUBACK #1"});
    retain(modern, "b", 1500);
    bench.settle();
    CHECK(modern.received() == Lines{"PUBACK #1 151"});
    CHECK(bench.log.stored.size() == 1);

    PublishBatch batch;
    OutMessage message;
    message.topic = "c";
    message.payload = std::string(1500, 'x');
    message.client_id = "http";
    message.retain = true;
    batch.messages.push_back(message);
    Errc code{};
    bench.broker->publish(std::move(batch), [&](const Result<std::vector<Placed>>& placed) {
        REQUIRE_FALSE(placed);
        code = placed.error().code;
    });
    bench.settle();
    CHECK(code == Errc::limit_exceeded);
}

TEST_CASE("expired retained messages give their room back, and only they", "[broker][retained]") {
    BrokerSettings settings;
    settings.retained_bytes_max = 4000;
    BrokerBench bench(1, settings);
    const Client client = bench.connect("client", mqtt::Version::v5);
    retain(client, "gone", 1500, 5);
    retain(client, "renewed", 1500, 5);
    bench.settle();
    if (GENERATE(false, true)) bench.crash();
    const Client other = bench.connect("other", mqtt::Version::v5);
    bench.clock.advance_ms(6'000);
    bench.shards[0]->shard.tick(); // decides to remove both, as soon as it writes
    retain(other, "renewed", 1500, 500);
    bench.settle();
    retain(other, "new", 1500);
    bench.settle_lazily();
    CHECK(other.received() == Lines{"PUBACK #1", "PUBACK #1"});
    CHECK(bench.log.states().count({broker::kRetainedKeyspace, "gone"}) == 0);
    CHECK(bench.log.states().count({broker::kRetainedKeyspace, "renewed"}) == 1);
    CHECK(bench.log.states().count({broker::kRetainedKeyspace, "new"}) == 1);
}
