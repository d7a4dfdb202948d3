// Goal: sessions, wills and messages end by the time that passed, whatever the wall clock does.
// Method: a clock that jumps, under a broker over memory.
#include "broker/broker_bench.hpp"

#include <holdfast/broker/keyspaces.hpp>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;

namespace {

constexpr std::int64_t kDayMs = 86'400'000;

mqtt::Connect lasting(std::string_view client_id, std::uint32_t expiry_s) {
    mqtt::Connect packet;
    packet.version = mqtt::Version::v5;
    packet.client_id = client_id;
    packet.clean_start = false;
    packet.properties.session_expiry_interval_s = expiry_s;
    return packet;
}

Lines greeting_of(const Client& client) {
    return client.connection->greeting;
}

} // namespace

TEST_CASE("a jump of the wall clock ends no session and drops no message", "[broker][clock]") {
    BrokerBench bench;
    const std::int64_t jump_ms = GENERATE(as<std::int64_t>(), kDayMs, -kDayMs, 50 * 365 * kDayMs);
    const Client client = bench.connect(lasting("sub", 3600));
    client.subscribe("a", mqtt::Qos::at_least_once);
    bench.settle();
    client.hang_up();
    const Client publisher = bench.connect("pub", mqtt::Version::v5);
    mqtt::Properties properties;
    properties.message_expiry_interval_s = 600;
    publisher.publish("a", "x", 1, properties);
    bench.settle();
    bench.clock.jump_ms(jump_ms);
    bench.settle_lazily();
    const Client back = bench.connect(lasting("sub", 3600));
    CHECK(greeting_of(back) == Lines{"CONNACK 0 present", "PUBLISH a x #1"});
}

TEST_CASE("what is left of a message's expiry is never more than was sent", "[broker][clock]") {
    BrokerBench bench;
    const Client client = bench.connect(lasting("sub", 3600));
    client.subscribe("a", mqtt::Qos::at_least_once);
    bench.settle();
    client.hang_up();
    const Client publisher = bench.connect("pub", mqtt::Version::v5);
    mqtt::Properties properties;
    properties.message_expiry_interval_s = 600;
    publisher.publish("a", "x", 1, properties);
    bench.settle();
    bench.clock.jump_ms(-kDayMs);
    const Client back = bench.open(0, mqtt::Version::v5);
    Bytes out;
    mqtt::encode_connect(out, lasting("sub", 3600));
    back.send(out);
    bench.settle();
    const Bytes bytes = back.take_bytes();
    const mqtt::Frame connack = mqtt::next_frame(bytes, UINT32_MAX);
    const mqtt::Frame frame =
        mqtt::next_frame(ByteView(bytes).subspan(connack.size_bytes), UINT32_MAX);
    const auto publish =
        mqtt::decode_publish(frame.first_byte & 0x0FU, frame.body, mqtt::Version::v5).value();
    const auto sent =
        mqtt::decode_properties(publish.properties, mqtt::PropertyOwner::publish).value();
    CHECK(sent.message_expiry_interval_s == 600U);
}

TEST_CASE("a will waits for its delay, however the wall clock is set", "[broker][clock][will]") {
    BrokerBench bench;
    mqtt::Connect packet = lasting("car", 3600);
    packet.will.emplace();
    packet.will->topic = "status";
    packet.will->payload = as_bytes("offline");
    packet.will->properties.will_delay_interval_s = 10;
    bench.connect(packet).hang_up();
    bench.clock.jump_ms(GENERATE(-kDayMs, kDayMs));
    bench.clock.advance_ms(5'000);
    bench.settle_lazily();
    CHECK(bench.log.stored.empty());
    bench.clock.advance_ms(5'500);
    bench.settle_lazily();
    CHECK(bench.log.stored.size() == 1);
}

TEST_CASE("a session that expired while the server was down is not resumed", "[broker][clock]") {
    BrokerBench bench;
    bench.connect(lasting("sub", 60)).hang_up();
    bench.settle_lazily();
    bench.clock.advance_ms(61'000);
    bench.crash();
    CHECK(greeting_of(bench.connect(lasting("sub", 60))) == Lines{"CONNACK 0"}); // before any tick
}

TEST_CASE("a session resumed with expiry 0 ends with the server that held its connection",
          "[broker][clock]") {
    BrokerBench bench;
    bench.connect(lasting("sub", 60)).hang_up();
    bench.settle();
    const Client back = bench.connect(lasting("sub", 0));
    CHECK(greeting_of(back) == Lines{"CONNACK 0 present"});
    bench.crash();
    bench.settle_lazily();
    CHECK(bench.log.state_count(broker::kSessionsKeyspace) == 0);
}

TEST_CASE("a session of a time without a clock outlives the first true time", "[broker][clock]") {
    BrokerBench bench;
    bench.clock.jump_ms(-bench.clock.now_ms()); // 1970
    bench.crash();
    bench.connect(lasting("sub", 3600)).hang_up();
    bench.settle_lazily();
    bench.clock.jump_ms(1'750'000'000'000);
    if (GENERATE(false, true)) bench.crash();
    bench.settle_lazily();
    CHECK(greeting_of(bench.connect(lasting("sub", 3600))) == Lines{"CONNACK 0 present"});
}
