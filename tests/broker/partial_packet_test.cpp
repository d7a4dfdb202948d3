// Goal: packets that do not end cannot take more memory than the server may use. Method: clients
// that send the start of a long PUBLISH and no more, against the broker's own account.
#include "broker/broker_bench.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;

namespace {

// A PUBLISH of `bytes` payload bytes to topic `a`, whole.
Bytes long_publish(std::size_t bytes) {
    const std::string payload(bytes, 'x');
    mqtt::Publish publish;
    publish.topic = "a";
    publish.payload = as_bytes(payload);
    Bytes out;
    mqtt::encode_publish(out, publish, mqtt::Version::v5);
    return out;
}

} // namespace

TEST_CASE("the start of a long packet is accounted until its end or its client's", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("client", mqtt::Version::v5);
    const Bytes packet = long_publish(100'000);
    const auto half = packet.begin() + 50'000;
    const std::size_t before = bench.memory.used_bytes();

    client.send(Bytes(packet.begin(), packet.begin() + 1'000));
    CHECK(bench.memory.used_bytes() == before); // short ones are free
    client.send(Bytes(packet.begin() + 1'000, half));
    CHECK(bench.memory.used_bytes() >= before + 50'000);
    SECTION("the rest comes") {
        client.send(Bytes(half, packet.end()));
        bench.settle();
        CHECK(bench.log.stored.size() == 1);
    }
    SECTION("the client goes") {
        client.hang_up();
    }
    CHECK(bench.memory.used_bytes() == before);
}

TEST_CASE("packets that do not end are refused when the memory is taken", "[broker]") {
    BrokerBench bench;
    const Client healthy = bench.connect("healthy");
    const Bytes packet = long_publish(900'000);
    const Bytes start(packet.begin(), packet.end() - 1);
    std::size_t closed = 0;
    for (int i = 0; i < 200; ++i) { // three times what there is
        const Client client = bench.connect("client-" + std::to_string(i), mqtt::Version::v5);
        client.send(start);
        if (client.line().is_closed) ++closed;
        CHECK(bench.memory.used_bytes() <= bench.memory.limit_bytes());
    }
    CHECK(closed > 100);
    CHECK(closed < 200);
    healthy.publish("a", "short", 1);
    bench.settle();
    CHECK(healthy.received() == std::vector<std::string>{"PUBACK #1"});
}
