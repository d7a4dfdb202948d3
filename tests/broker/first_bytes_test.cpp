// Goal: what is no MQTT, or not quite, is told so at once and in the standard's words. Method:
// bytes into a shard over memory.
#include "broker/broker_bench.hpp"

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

Bytes bytes_of(std::initializer_list<int> values) {
    Bytes out;
    for (const int value : values) out.push_back(static_cast<std::byte>(value));
    return out;
}

} // namespace

TEST_CASE("a first byte that cannot begin CONNECT closes at once", "[broker]") {
    BrokerBench bench;
    const int first = GENERATE(0x00, 0x11, 0x16, 0x20, 0x30, 'G');
    const Client client = bench.open();
    client.send(bytes_of({first}));
    CHECK(client.line().is_closed);
}

TEST_CASE("a remaining length longer than needed is malformed", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("client", mqtt::Version::v5);
    client.send(bytes_of({0xC0, 0x80, 0x00})); // PINGREQ
    CHECK(client.line().is_closed);
    CHECK(client.received() == Lines{"DISCONNECT 129"});
}

TEST_CASE("MQTT 3.1 with an empty client id is answered 2", "[broker]") {
    BrokerBench bench;
    const bool is_clean = GENERATE(false, true);
    const Client client = bench.open(0, mqtt::Version::v31);
    client.send(
        bytes_of({0x10, 14, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, is_clean ? 2 : 0, 0, 0, 0, 0}));
    CHECK(client.line().is_closed);
    CHECK(client.received() == Lines{"CONNACK 2"});
}

TEST_CASE("topic alias 0 is answered 0x94", "[broker]") {
    BrokerBench bench;
    const Client client = bench.connect("client", mqtt::Version::v5);
    client.send(bytes_of({0x30, 7, 0, 1, 't', 3, 0x23, 0, 0}));
    CHECK(client.line().is_closed);
    CHECK(client.received() == Lines{"DISCONNECT 148"});
}

TEST_CASE("the bytes of an unfinished packet do not keep a client alive", "[broker]") {
    BrokerBench bench;
    mqtt::Connect packet;
    packet.version = mqtt::Version::v311;
    packet.client_id = "client";
    packet.keep_alive_s = 10;
    const Client client = bench.connect(packet);
    client.send(bytes_of({0x30, 100, 0, 1, 't'}));
    for (int second = 0; second < 20; ++second) {
        bench.clock.advance_ms(1000);
        client.line().bench->shard.end_turn();
        if (client.line().is_closed) break;
        client.send(bytes_of({'x'}));
        bench.settle_lazily();
    }
    CHECK(client.line().is_closed);
}
