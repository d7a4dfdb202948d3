// Goal: what a client may rely on: nothing acknowledged before it is stored, order, limits,
// truthful refusals. Method: shards over a transport and a log in memory, so that every moment can
// be seen.
#include "broker/broker_bench.hpp"

#include <fmt/format.h>

#include <set>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

TEST_CASE("nothing is acknowledged or delivered before it is stored", "[broker]") {
    BrokerBench bench;
    const Client subscriber = bench.connect("sub");
    const Client publisher = bench.connect("pub");
    subscriber.subscribe("fleet/#", mqtt::Qos::at_least_once);
    bench.settle();
    CHECK(subscriber.received() == Lines{"SUBACK 1"});

    publisher.publish("fleet/car-1/in", "42", 9);
    bench.shards[0]->run();
    CHECK(publisher.received().empty());
    CHECK(subscriber.received().empty());

    bench.settle();
    CHECK(publisher.received() == Lines{"PUBACK #9"});
    CHECK(subscriber.received() == Lines{"PUBLISH fleet/car-1/in 42 #1"});
    REQUIRE(bench.log.stored.size() == 1);
    CHECK(bench.log.stored[0].key == "car-1");
    CHECK(bench.log.stored[0].value == "42");
    CHECK(bench.log.stored[0].headers ==
          std::map<std::string, std::string>{
              {"mqtt.topic", "fleet/car-1/in"}, {"mqtt.client", "pub"}, {"mqtt.qos", "1"}});
}

TEST_CASE("QoS 0 is delivered without waiting for the log, and stored", "[broker]") {
    BrokerBench bench;
    const Client subscriber = bench.connect("sub");
    subscriber.subscribe("a", mqtt::Qos::at_least_once);
    const Client publisher = bench.connect("pub");
    (void)subscriber.received();
    publisher.publish("a", "x");
    bench.shards[0]->run();
    CHECK(subscriber.received() == Lines{"PUBLISH a x"});
    bench.settle();
    CHECK(bench.log.stored.size() == 1);
}

TEST_CASE("messages follow a stream that gets more partitions", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("me");
    const auto used = [&](std::uint16_t first_packet) {
        for (std::uint16_t i = 0; i < 64; ++i)
            client.publish(fmt::format("fleet/car-{}/in", i), "x",
                           static_cast<std::uint16_t>(first_packet + i));
        bench.settle();
        CHECK(client.received().size() == 64);
        std::set<PartitionIndex> partitions;
        for (const auto& record : bench.log.stored) partitions.insert(record.partition.index);
        bench.log.stored.clear();
        return partitions.size();
    };
    const std::size_t before = used(1);
    const auto name = bench.log.find_stream(StreamId{1})->settings.name;
    bench.log.change_stream(name, 32);
    const std::size_t after = used(100);
    CHECK(before <= 4);
    CHECK(after > 16);
}

TEST_CASE("the device comes from capture, payload path or client id", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("me");
    client.publish("fleet/car-7/in", "1");
    client.publish("json/x", R"({"vin": "V1", "v": 2})");
    client.publish("json/x", "not json");
    client.publish("other", "3");
    bench.settle();
    std::map<std::string, std::string> key_of;
    for (const auto& record : bench.log.stored) key_of[record.value] = record.key;
    CHECK(key_of["1"] == "car-7");
    CHECK(key_of[R"({"vin": "V1", "v": 2})"] == "V1");
    CHECK(key_of["not json"] == "me");
    CHECK(key_of["3"] == "me");
}

TEST_CASE("when the log refuses, no acknowledgement goes out and the client is told", "[broker]") {
    BrokerBench bench;
    const Client old = bench.connect("old");
    const Client modern = bench.connect("new", mqtt::Version::v5);
    old.publish("a", "x", 1);
    modern.publish("a", "y", 1);
    bench.shards[0]->run();
    bench.log.store(fail(Errc::no_space, "disk full"));
    bench.settle();
    CHECK(old.received().empty());
    CHECK(old.line().is_closed);
    CHECK(modern.received() == Lines{"DISCONNECT 151"}); // quota exceeded
    CHECK(modern.line().is_closed);
    CHECK(bench.log.stored.empty());
}

TEST_CASE("a session keeps order through many groups", "[broker]") {
    BrokerBench bench;
    const Client subscriber = bench.connect("sub");
    subscriber.subscribe("#", mqtt::Qos::at_least_once);
    const Client publisher = bench.connect("pub");
    (void)subscriber.received();
    Lines wanted;
    for (std::uint16_t i = 1; i <= 300; ++i) {
        publisher.publish(i % 2 == 0 ? "a" : "b", std::to_string(i), i);
        wanted.push_back(fmt::format("PUBLISH {} {} #{}", i % 2 == 0 ? "a" : "b", i, i));
        if (i % 7 == 0) bench.shards[0]->run();
        if (i % 13 == 0) bench.log.store();
    }
    bench.settle();
    CHECK(subscriber.received() == wanted);
    Offset next = 0;
    for (const auto& record : bench.log.stored) CHECK(record.offset == next++);
}

TEST_CASE("overlapping filters deliver once with the highest QoS and every identifier",
          "[broker]") {
    BrokerBench bench;
    const Client subscriber = bench.connect("sub", mqtt::Version::v5);
    subscriber.subscribe("a/+", mqtt::Qos::at_most_once, 3);
    subscriber.subscribe("a/#", mqtt::Qos::at_least_once, 9);
    const Client publisher = bench.connect("pub", mqtt::Version::v5);
    (void)subscriber.received();
    mqtt::Properties properties;
    properties.user_properties.emplace_back("unit", "C");
    publisher.publish("a/b", "x", 1, properties);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a/b x #1 id=3 id=9 unit=C"});
    CHECK(bench.log.stored[0].headers.at("u.unit") == "C");
}

TEST_CASE("a client does not get its own messages with no-local", "[broker]") {
    BrokerBench bench;
    const Client self = bench.connect("self", mqtt::Version::v5);
    self.subscribe("a", mqtt::Qos::at_least_once, 0, true);
    const Client other = bench.connect("other");
    (void)self.received();
    self.publish("a", "mine", 1);
    other.publish("a", "theirs", 1);
    self.publish("a", "mine too", 2);
    bench.settle();
    CHECK(self.received() == Lines{"PUBLISH a theirs #1", "PUBACK #1", "PUBACK #2"});
}

TEST_CASE("no more QoS 1 messages are under way than the client's receive maximum", "[broker]") {
    BrokerBench bench;
    mqtt::Properties properties;
    properties.receive_maximum = std::uint16_t{2};
    const Client subscriber = bench.connect("sub", mqtt::Version::v5, 0, properties);
    subscriber.subscribe("a", mqtt::Qos::at_least_once);
    const Client publisher = bench.connect("pub");
    (void)subscriber.received();
    for (std::uint16_t i = 1; i <= 5; ++i) publisher.publish("a", std::to_string(i), i);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 1 #1", "PUBLISH a 2 #2"});
    subscriber.acknowledge(1);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 3 #3"});
    subscriber.acknowledge(2);
    subscriber.acknowledge(3);
    bench.settle();
    CHECK(subscriber.received() == Lines{"PUBLISH a 4 #4", "PUBLISH a 5 #5"});
    CHECK(bench.memory.used_bytes() == 0);
}

TEST_CASE("a slow subscriber loses QoS 0, is closed at QoS 1, and its memory comes back",
          "[broker]") {
    BrokerSettings settings;
    settings.session_queue_bytes_max = 1000;
    BrokerBench bench(1, settings);
    const Client slow0 = bench.connect("slow0");
    const Client slow1 = bench.connect("slow1");
    const Client healthy = bench.connect("healthy");
    slow0.subscribe("a", mqtt::Qos::at_most_once);
    slow1.subscribe("a", mqtt::Qos::at_least_once);
    healthy.subscribe("a", mqtt::Qos::at_least_once);
    const Client publisher = bench.connect("pub");
    (void)healthy.received();
    slow0.stop_reading();
    slow1.stop_reading();
    const std::string payload(400, 'x');
    for (std::uint16_t i = 1; i <= 5; ++i) {
        publisher.publish("a", payload, i);
        bench.settle();
    }
    CHECK_FALSE(slow0.line().is_closed);
    CHECK(slow0.line().kept.size() < 1000);
    CHECK(slow1.line().is_closed);
    CHECK(healthy.received().size() == 5);
    CHECK(bench.broker->counters().dropped_slow.value() > 0);
    CHECK(bench.broker->counters().closed_slow.value() == 1);
    slow0.hang_up();
    CHECK(bench.memory.used_bytes() == 0);
}

TEST_CASE("messages cross shards in order", "[broker]") {
    BrokerBench bench(2);
    const Client here = bench.connect(bench.id_on(0, "here"));
    const Client there = bench.connect(bench.id_on(1, "there"), mqtt::Version::v5);
    here.subscribe("a/#", mqtt::Qos::at_least_once);
    there.subscribe("a/#", mqtt::Qos::at_least_once);
    bench.settle();
    (void)here.received();
    (void)there.received();
    const Client publisher = bench.connect(bench.id_on(0, "pub"));
    publisher.publish("a/1", "one", 1);
    publisher.publish("a/2", "two", 2);
    bench.settle();
    const Lines wanted{"PUBLISH a/1 one #1", "PUBLISH a/2 two #2"};
    CHECK(here.received() == wanted);
    CHECK(there.received() == wanted);
}

TEST_CASE("a client id is taken over wherever the new connection came in, and order is kept",
          "[broker]") {
    BrokerBench bench(2);
    const std::size_t accepted_by = GENERATE(0U, 1U);
    const Client old = bench.connect("same", mqtt::Version::v5, accepted_by);
    old.publish("a", "before", 1);
    for (auto& shard : bench.shards) shard->run(); // gathered and handed to the log, not stored

    const Client taker = bench.open(1);
    mqtt::Connect packet;
    packet.version = mqtt::Version::v311;
    packet.client_id = "same";
    Bytes out;
    mqtt::encode_connect(out, packet);
    mqtt::encode_publish(out, {"a", as_bytes("after"), {}, 1, mqtt::Qos::at_least_once},
                         mqtt::Version::v311);
    taker.send(out);
    for (auto& shard : bench.shards) shard->run();
    for (auto& shard : bench.shards) shard->run();
    CHECK(old.received() == Lines{"DISCONNECT 142"}); // session taken over
    CHECK(old.line().is_closed);
    CHECK(taker.received() == Lines{"CONNACK 0"});
    bench.settle();
    CHECK(taker.received() == Lines{"PUBACK #1"});
    REQUIRE(bench.log.stored.size() == 2);
    CHECK(bench.log.stored[0].value == "before");
    CHECK(bench.log.stored[1].value == "after");
}

TEST_CASE("what is not served yet is refused truthfully", "[broker]") {
    BrokerBench bench;
    const Client modern = bench.connect("new", mqtt::Version::v5);
    modern.subscribe("$share/g/a", mqtt::Qos::at_least_once);
    modern.subscribe("a", mqtt::Qos::exactly_once);
    modern.subscribe("a/#/b", mqtt::Qos::at_most_once);
    bench.settle();
    CHECK(modern.received() == Lines{"SUBACK 158", "SUBACK 2", "SUBACK 143"});
}

TEST_CASE("a bad packet closes its connection with the right reason and no other", "[broker]") {
    struct Row {
        const char* what;
        Bytes bytes;
        const char* answer;
    };
    const auto b = [](std::initializer_list<int> values) {
        Bytes out;
        for (const int value : values) out.push_back(static_cast<std::byte>(value));
        return out;
    };
    const std::vector<Row> rows = {
        {"a length of five bytes", b({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1}), "DISCONNECT 129"},
        {"a packet past the maximum", b({0x30, 0xFF, 0xFF, 0xFF, 0x7F}), "DISCONNECT 149"},
        {"a second CONNECT", b({0x10, 0}), "DISCONNECT 130"},
        {"a packet that only servers send", b({0x20, 0}), "DISCONNECT 130"},
        {"packet type 0", b({0x00, 0}), "DISCONNECT 130"},
        {"SUBSCRIBE without its flags", b({0x80, 0}), "DISCONNECT 129"},
        {"PUBLISH with QoS 3", b({0x36, 3, 0, 1, 'a'}), "DISCONNECT 129"},
        {"PUBLISH to a wildcard", b({0x30, 4, 0, 1, '#', 0}), "DISCONNECT 144"},
        {"a topic alias past the maximum", b({0x30, 7, 0, 1, 'a', 3, 0x23, 1, 0}),
         "DISCONNECT 148"},
        {"an alias that stands for nothing", b({0x30, 6, 0, 0, 3, 0x23, 0, 1}), "DISCONNECT 130"},
    };
    BrokerBench bench;
    const Client healthy = bench.connect("healthy");
    for (const Row& row : rows) {
        CAPTURE(row.what);
        const Client client = bench.connect("bad", mqtt::Version::v5);
        client.send(row.bytes);
        bench.settle();
        CHECK(client.received() == Lines{row.answer});
        CHECK(client.line().is_closed);
    }
    CHECK_FALSE(healthy.line().is_closed);
}

TEST_CASE("packets arrive whole however the bytes are cut", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("drip");
    mqtt::Publish packet;
    packet.topic = "fleet/d/in";
    packet.payload = as_bytes("payload");
    packet.packet_id = 5;
    packet.qos = mqtt::Qos::at_least_once;
    Bytes out;
    mqtt::encode_publish(out, packet, client.version);
    mqtt::encode_publish(out, packet, client.version);
    for (const std::byte byte : out) client.send({byte});
    bench.settle();
    CHECK(client.received() == Lines{"PUBACK #5", "PUBACK #5"});
    CHECK(bench.log.stored.size() == 2);
}

TEST_CASE("silence ends a session, and bytes before CONNECT do not buy time", "[broker]") {
    BrokerBench bench;
    const Client late = bench.open();
    late.send({std::byte{0x10}});
    bench.clock.advance_ms(9'000);
    late.send({std::byte{0x20}});
    bench.shards[0]->run();
    bench.shards[0]->shard.tick();
    CHECK_FALSE(late.line().is_closed);
    bench.clock.advance_ms(1'500);
    bench.shards[0]->run();
    bench.shards[0]->shard.tick();
    CHECK(late.line().is_closed);
}

TEST_CASE("a batch from another door is stored whole, delivered and placed", "[broker]") {
    BrokerBench bench;
    const Client subscriber = bench.connect("sub");
    subscriber.subscribe("#", mqtt::Qos::at_least_once);
    bench.settle();
    (void)subscriber.received();
    PublishBatch batch;
    batch.messages.push_back(
        {"fleet/c/in", "", "", "http", "1", "application/json", {}, {}, 1, false});
    batch.messages.push_back({"", "events", "dev", "http", "2", "", 1234, {}, 1, false});
    std::optional<Result<std::vector<Placed>>> answer;
    bench.broker->publish(std::move(batch), [&](auto placed) { answer = std::move(placed); });
    CHECK_FALSE(answer);
    bench.settle();
    REQUIRE(answer);
    REQUIRE(answer->has_value());
    CHECK(answer->value()[0].stream == "telemetry");
    CHECK(answer->value()[1].stream == "events");
    CHECK(subscriber.received() == Lines{"PUBLISH fleet/c/in 1 #1"});
    REQUIRE(bench.log.stored.size() == 2);
    CHECK(bench.log.stored[1].headers.at("ts") == "1234");

    PublishBatch bad;
    bad.messages.push_back({"fine", "", "", "http", "1", "", {}, {}, 1, false});
    bad.messages.push_back({"a/#", "", "", "http", "2", "", {}, {}, 1, false});
    bench.broker->publish(std::move(bad), [&](auto placed) { answer = std::move(placed); });
    bench.settle();
    REQUIRE(answer->has_error());
    CHECK(answer->error().code == Errc::malformed);
    CHECK(bench.log.stored.size() == 2);
}
