// Goal: what is stored of a session is what the session is, and damage to it is never taken for
// less than it is. Method: crashes, refusals and damage between two lives of a broker over a log in
// memory.
#include "broker/broker_bench.hpp"

#include <holdfast/broker/keyspaces.hpp>
#include "broker/session_codec.hpp"

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::Qos;

namespace {

mqtt::Connect lasting(std::string_view client_id, bool clean_start = false,
                      std::uint32_t expiry_s = 3600) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v5;
    packet.client_id = client_id;
    packet.clean_start = clean_start;
    packet.properties.session_expiry_interval_s = expiry_s;
    return packet;
}

// A session with something of every kind: two subscriptions, a queue, QoS 2 both ways, a will.
void leave_everything(BrokerBench& bench) {
    mqtt::Connect packet = lasting("sub");
    packet.will.emplace();
    packet.will->topic = "gone";
    packet.will->properties.will_delay_interval_s = 1000;
    const Client client = bench.connect(packet);
    client.subscribe("a", Qos::exactly_once);
    client.subscribe("b", Qos::at_least_once);
    client.publish_qos2("c", "own", 9);
    bench.settle();
    const Client publisher = bench.connect("pub");
    publisher.publish_qos2("a", "x", 1);
    publisher.publish("b", "y", 2);
    bench.settle();
    client.hang_up();
    bench.settle_lazily();
}

} // namespace

TEST_CASE("a clean start leaves a new session behind, not none", "[broker][session]") {
    BrokerBench bench;
    bench.connect(lasting("sub")).subscribe("a", Qos::at_least_once);
    bench.settle();
    // Both changes of the session's record are in one group.
    bench.connect(lasting("sub", true)).subscribe("b", Qos::at_least_once);
    bench.settle_lazily();
    CHECK(bench.broker->subscriptions().size() == 1);
    bench.crash();
    CHECK(bench.broker->subscriptions().size() == 1);
    CHECK(bench.connect(lasting("sub")).line().greeting == Lines{"CONNACK 0 present"});
}

TEST_CASE("sessions are counted through restarts", "[broker][session]") {
    BrokerBench bench(2);
    for (int i = 0; i < 5; ++i) (void)bench.connect(lasting(fmt::format("client-{}", i)));
    (void)bench.connect("passing");
    bench.settle_lazily();
    CHECK(bench.broker->session_count().load() == 5);
    bench.crash();
    CHECK(bench.broker->session_count().load() == 5);
    (void)bench.connect(lasting("client-3", true, 0)); // ends with its connection
    (void)bench.connect(lasting("client-4"));
    CHECK(bench.broker->session_count().load() == 4);
}

TEST_CASE("a session that ends with its connection is not extended as it goes",
          "[broker][session]") {
    BrokerBench bench;
    const bool was_durable = GENERATE(false, true);
    if (was_durable) bench.connect(lasting("sub")).hang_up();
    const Client client = bench.connect(lasting("sub", false, 0));
    mqtt::Disconnect packet;
    packet.properties.session_expiry_interval_s = 60;
    Bytes out;
    mqtt::encode_disconnect(out, packet, mqtt::Version::v5);
    client.send(out);
    bench.settle();
    CHECK(client.received() == Lines{"DISCONNECT 130"}); // protocol error [MQTT5-3.14.2.2.2]
}

TEST_CASE("a will that waits goes out when its session ends, also after a restart",
          "[broker][session][will]") {
    BrokerBench bench;
    mqtt::Connect packet = lasting("sub", false, 10);
    packet.will.emplace();
    packet.will->topic = "gone";
    packet.will->properties.will_delay_interval_s = 1000;
    const Client client = bench.connect(packet);
    bench.settle_lazily();
    client.hang_up();
    bench.settle_lazily();
    bench.crash();
    bench.clock.advance_ms(12'000);
    bench.settle_lazily();
    REQUIRE(bench.log.stored.size() == 1);
    CHECK(bench.log.stored[0].headers["mqtt.topic"] == "gone");
}

TEST_CASE("the packet id of a QoS 2 message that a stream refused is not kept",
          "[broker][session][qos2]") {
    BrokerBench bench;
    const Client first = bench.connect(lasting("pub"));
    bench.log.refused_streams = {bench.log.find_stream("telemetry")->id};
    first.publish_qos2("fleet/car-1/in", "x", 7);
    bench.settle_lazily();
    CHECK(first.received() == Lines{"DISCONNECT 128"});
    bench.log.refused_streams.clear();
    bench.crash();
    const Client second = bench.connect(lasting("pub"));
    second.publish_qos2("fleet/car-1/in", "x", 7, true);
    bench.settle();
    CHECK(second.received() == Lines{"PUBREC #7"});
    CHECK(bench.log.stored.size() == 1);
}

TEST_CASE("a QoS 2 message stays stored when a group fails that only answers for it again",
          "[broker][session][qos2]") {
    BrokerBench bench;
    const Client first = bench.connect(lasting("pub"));
    first.publish_qos2("a", "x", 7);
    bench.settle();
    first.publish_qos2("a", "x", 7, true);
    bench.shards[0]->run();
    (void)bench.log.store(fail(Errc::no_space, "disk full"));
    bench.settle();
    const Client second = bench.connect(lasting("pub"));
    second.publish_qos2("a", "x", 7, true);
    bench.settle();
    CHECK(second.received() == Lines{"PUBREC #7"});
    CHECK(bench.log.stored.size() == 1);
}

TEST_CASE("retained bytes are counted as they are stored", "[broker][retained]") {
    BrokerSettings settings;
    settings.retained_bytes_max = 2000;
    BrokerBench bench(1, settings);
    const auto retain = [&](std::string_view topic) {
        const Client client = bench.connect("pub");
        const std::string payload(1500, 'x');
        client.send(
            mqtt::Publish{topic, as_bytes(payload), {}, 1, Qos::at_least_once, true, false});
        bench.shards[0]->run();
    };
    retain("a");
    (void)bench.log.store(fail(Errc::no_space, "disk full"));
    bench.settle();
    retain("b"); // there is room: "a" was not stored
    bench.settle();
    CHECK(bench.log.state_count(broker::kRetainedKeyspace) == 1);
    retain("c");
    bench.settle();
    CHECK(bench.log.state_count(broker::kRetainedKeyspace) == 1);
}

TEST_CASE("damaged sessions and retained messages are set aside and do not stop the start",
          "[broker][session][retained]") {
    BrokerBench bench;
    leave_everything(bench);
    const Client publisher = bench.connect("pub");
    publisher.send(mqtt::Publish{"kept", as_bytes("x"), {}, 1, Qos::at_least_once, true, false});
    bench.settle();
    REQUIRE(bench.restart());
    const auto whole = bench.log.states();
    std::map<char, std::size_t> of_kind;
    for (const auto& [key, value] : whole) {
        const bool is_session = key.first == broker::kSessionsKeyspace;
        if (!is_session && key.first != broker::kRetainedKeyspace) continue;
        const char kind = is_session ? key.second[0] : 'R';
        // A packet id's key says all there is; a retained payload may have any length.
        if (kind == 'r') continue;
        ++of_kind[kind];
        bench.log.states() = whole;
        bench.log.states()[key] =
            kind == 'R' ? value.substr(0, 9) : value.substr(0, value.size() - 1);
        INFO("kind " << kind);
        REQUIRE(bench.restart());
        CHECK(bench.log.states().size() == whole.size()); // nothing was cleared away
        const bool is_there = bench.log.states().contains({broker::kSessionsKeyspace, "ssub"});
        CHECK(is_there != is_session);
        CHECK(bench.log.states().contains({broker::kSessionsKeyspace, "dsub"}) == is_session);
        CHECK(bench.broker->session_count().load() == (is_session ? 0 : 1));
        CHECK(bench.broker->subscriptions().size() == (is_session ? 0 : 2));
        const Client back = bench.connect(lasting("sub"));
        CHECK(back.connection->greeting.front() ==
              (is_session ? "CONNACK 0" : "CONNACK 0 present"));
    }
    CHECK(of_kind ==
          std::map<char, std::size_t>{{'R', 1}, {'f', 2}, {'o', 1}, {'q', 2}, {'s', 1}, {'w', 1}});
    bench.log.states() = whole;
    CHECK(bench.restart());
}

TEST_CASE("what ended sessions left behind is removed at the start, however much",
          "[broker][session]") {
    BrokerBench bench;
    leave_everything(bench);
    const std::size_t own = bench.log.state_count(broker::kSessionsKeyspace);
    for (std::uint64_t i = 1; i <= 2500; ++i)
        bench.log.states()[{broker::kSessionsKeyspace, chunk_key(1, i)}] = "left";
    bench.log.states()[{broker::kSessionsKeyspace, key_prefix(SessionKey::will, 2)}] = "left";
    bench.crash();
    CHECK(bench.log.state_count(broker::kSessionsKeyspace) == own);
}
