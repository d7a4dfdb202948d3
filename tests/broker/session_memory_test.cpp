// Goal: what sessions keep as long as they live is paid for from the one account, and refused where
// nothing is left. Method: clients that keep asking for more.
#include "broker/broker_bench.hpp"

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

void leave_free(BrokerBench& bench, std::size_t bytes) {
    REQUIRE(bench.memory.try_take(bench.memory.limit_bytes() - bench.memory.used_bytes() - bytes));
}

mqtt::Connect persistent(std::string_view client_id) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v5;
    packet.client_id = client_id;
    packet.properties.session_expiry_interval_s = 60;
    return packet;
}

std::string answer_to(BrokerBench& bench, const mqtt::Connect& packet) {
    const Client client = bench.open(0, mqtt::Version::v5);
    Bytes out;
    mqtt::encode_connect(out, packet);
    client.send(out);
    bench.settle();
    return client.received().front();
}

} // namespace

TEST_CASE("persistent sessions are paid for, and a new one is refused where nothing is left",
          "[broker][memory]") {
    BrokerBench bench;
    leave_free(bench, 100'000);
    int accepted = 0;
    while (accepted < 1000 &&
           answer_to(bench, persistent(fmt::format("s{}", accepted))) == "CONNACK 0")
        ++accepted;
    CHECK(accepted > 10);
    CHECK(accepted < 100);
    CHECK(answer_to(bench, persistent("one more")) == "CONNACK 151");
    mqtt::Connect plain;
    plain.version = mqtt::Version::v5;
    plain.client_id = "plain";
    CHECK(answer_to(bench, plain) == "CONNACK 0");
}

TEST_CASE("long filters are paid for, refused where nothing is left, and given back",
          "[broker][memory]") {
    BrokerBench bench;
    const Client client = bench.connect("client", mqtt::Version::v5);
    leave_free(bench, 2'000'000);
    const std::size_t before = bench.memory.used_bytes();
    int granted = 0;
    for (;; ++granted) {
        REQUIRE(granted < 100);
        client.subscribe(fmt::format("{}/{:f<60000}", granted, ""), mqtt::Qos::at_most_once);
        bench.settle();
        if (client.received() != Lines{"SUBACK 0"}) break;
    }
    CHECK(granted > 5);
    CHECK(bench.memory.used_bytes() > before + 60'000U * static_cast<unsigned>(granted));
    client.hang_up();
    CHECK(bench.memory.used_bytes() == before);
}

TEST_CASE("topic aliases and wills are paid for and given back", "[broker][memory]") {
    BrokerBench bench;
    const std::size_t before = bench.memory.used_bytes();
    mqtt::Connect packet;
    packet.version = mqtt::Version::v5;
    packet.client_id = "client";
    packet.will.emplace();
    packet.will->topic = "will";
    const std::string payload(40'000, 'w');
    packet.will->payload = as_bytes(payload);
    const Client client = bench.connect(packet);
    CHECK(bench.memory.used_bytes() > before + 39'000); // the first kilobyte is free
    for (std::uint16_t alias = 1; alias <= 5; ++alias) {
        mqtt::Properties properties;
        properties.topic_alias = alias;
        client.publish(std::string(50'000, 't'), "x", 0, properties);
        client.publish("short", "x", 0, properties);
        client.publish(std::string(50'000, 'u'), "x", 0, properties);
        bench.settle();
    }
    CHECK(bench.memory.used_bytes() > before + 5 * 50'000);
    CHECK(bench.memory.used_bytes() < before + 6 * 50'000 + 50'000);
    client.hang_up();
    bench.settle();
    CHECK(bench.memory.used_bytes() == before);
}
