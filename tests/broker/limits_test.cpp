// Goal: who has too many connections is told so, and what it has is counted right whatever becomes
// of it; a client that is slowed is not taken for dead. Method: shards over memory.
#include "broker/broker_bench.hpp"
#include "broker/test_gate.hpp"

#include <algorithm>
#include <vector>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::Version;

namespace {

const char* const kAccess = R"(
roles:
  viewer:
    - {allow: connect, clients: ["*"]}
)";

struct Limited {
    Limited() : bench(2, settings()) {
        gate.roles = {{"eve", {"viewer"}}, {"adam", {"viewer"}}, {"", {"viewer"}}};
        bench.set_gate(gate);
    }
    static BrokerSettings settings() {
        BrokerSettings settings;
        settings.connections_per_user = 2;
        return settings;
    }
    Client connect(std::string_view client_id, std::string_view user, bool lasts = false,
                   Version version = Version::v5) {
        mqtt::Connect connect;
        connect.client_id = client_id;
        if (!user.empty()) {
            connect.user_name = user;
            connect.password = as_bytes("secret");
        }
        connect.version = version;
        connect.clean_start = !lasts;
        if (lasts) connect.properties.session_expiry_interval_s = 1'000;
        const Client client = bench.open(0, version);
        Bytes out;
        mqtt::encode_connect(out, connect);
        client.send(out);
        bench.settle();
        client.line().greeting = client.received();
        return client;
    }
    TestGate gate{kAccess};
    BrokerBench bench;
};

} // namespace

TEST_CASE("a user has so many connections, and gets one more when one ends", "[broker][limits]") {
    Limited limited;
    const bool lasts = GENERATE(false, true);
    const Client first = limited.connect("e1", "eve", lasts);
    (void)limited.connect("e2", "eve");
    const Client third = limited.connect("e3", "eve");
    CHECK(third.line().greeting == Lines{"CONNACK 151"});
    CHECK(third.line().is_closed);
    CHECK_FALSE(limited.connect("a1", "adam").line().is_closed);
    for (const char* id : {"n1", "n2", "n3"}) CHECK_FALSE(limited.connect(id, "").line().is_closed);
    CHECK(limited.bench.broker->counters().refused_limit.value() == 1);
    first.hang_up();
    limited.bench.settle();
    CHECK_FALSE(limited.connect("e3", "eve").line().is_closed);
    CHECK(limited.connect("e4", "eve").line().is_closed);
}

TEST_CASE("a client that comes again takes its own place", "[broker][limits]") {
    Limited limited;
    const bool lasts = GENERATE(false, true);
    const Client other = limited.connect("e2", "eve");
    for (int i = 0; i < 3; ++i) {
        const Client again = limited.connect("e1", "eve", lasts);
        CHECK_FALSE(again.line().is_closed);
    }
    CHECK(limited.connect("e3", "eve").line().is_closed);
    other.hang_up();
    limited.bench.settle();
    CHECK_FALSE(limited.connect("e3", "eve").line().is_closed);
    CHECK(limited.bench.broker->user_places().size() == 1);
}

TEST_CASE("a connection that is turned away hears why with its CONNACK", "[broker][limits]") {
    struct Row {
        TurnedAway why;
        Version version;
        const char* connack;
    };
    const auto row = GENERATE(values<Row>({
        {TurnedAway::too_many, Version::v5, "CONNACK 151"},
        {TurnedAway::too_fast, Version::v5, "CONNACK 159"},
        {TurnedAway::too_fast, Version::v311, "CONNACK 3"},
    }));
    BrokerBench bench(2);
    auto clients = clients_of(*bench.broker);
    Peer peer{"192.0.2.7:1"};
    peer.turned_away = row.why;
    const auto place = std::make_shared<const int>(0);
    peer.place = place;
    ShardBench& shard = *bench.shards[0];
    Client client;
    client.version = row.version;
    client.connection = std::make_shared<Line>();
    shard.transport.put(shard.shard.open(std::move(peer)), client.connection);
    mqtt::Connect connect;
    connect.client_id = "c";
    connect.version = row.version;
    Bytes out;
    mqtt::encode_connect(out, connect);
    client.send(out);
    bench.settle();
    CHECK(client.received() == Lines{row.connack});
    CHECK(client.line().is_closed);
    CHECK(place.use_count() == 1); // given back
    std::optional<ClientInfo> found;
    clients->find("c", [&](std::optional<ClientInfo> info) { found = std::move(info); });
    bench.settle();
    REQUIRE(found);
    REQUIRE(found->refusals.size() == 1);
    CHECK(found->refusals[0].address == "192.0.2.7:1");
}

TEST_CASE("a client that is not read is not silent", "[broker][limits]") {
    BrokerBench bench;
    mqtt::Connect connect;
    connect.client_id = "c";
    connect.keep_alive_s = 10;
    const Client client = bench.connect(connect);
    ShardBench& shard = *bench.shards[0];
    shard.shard.on_slowed(client.line().slot);
    for (int i = 0; i < 60; ++i) {
        shard.shard.end_turn();
        bench.clock.advance_ms(1'000);
        shard.shard.on_not_read(client.line().slot);
        shard.shard.tick();
    }
    CHECK_FALSE(client.line().is_closed);
    CHECK(bench.broker->counters().slowed.value() == 1);
    shard.shard.end_turn();
    bench.clock.advance_ms(16'000);
    shard.shard.tick();
    CHECK(client.line().is_closed);
}

TEST_CASE("answers that wait to be sent end the reading until they have gone", "[broker][limits]") {
    BrokerBench bench(1);
    const Client client = bench.connect("pinging");
    bench.settle();
    (void)client.take_bytes();
    Shard& shard = client.line().bench->shard;
    Bytes pings;
    for (int i = 0; i < 200; ++i) mqtt::encode_pingreq(pings);
    std::size_t sent = 0;
    while (shard.wants_input()) {
        client.send(pings);
        sent += 200;
        REQUIRE(sent <= 1'000'000);
    }
    shard.end_turn();
    CHECK(shard.wants_input());
    CHECK(client.take_bytes().size() == 2 * sent); // a PINGRESP for each
}

TEST_CASE("a flood of PINGREQ ends its connection, and MQTT 5 hears why", "[broker][limits]") {
    BrokerBench bench;
    const Client client = bench.connect("flooding", mqtt::Version::v5);
    const Client other = bench.connect("other");
    bench.settle();
    (void)client.received();
    Bytes pings;
    for (int i = 0; i < 256; ++i) mqtt::encode_pingreq(pings); // as many as may come at once
    client.send(pings);
    bench.settle();
    CHECK(client.received() == Lines(256, "PINGRESP"));
    mqtt::encode_pingreq(pings);
    client.send(pings);
    bench.settle();
    CHECK(client.received().back() == "DISCONNECT 150");
    CHECK(client.line().is_closed);
    CHECK_FALSE(other.line().is_closed);
}

TEST_CASE("connections that are over together are closed in turns that others share",
          "[broker][limits]") {
    BrokerBench bench;
    std::vector<Client> silent;
    for (int i = 0; i < 100; ++i) silent.push_back(bench.open());
    ShardBench& shard = *bench.shards[0];
    shard.shard.end_turn();
    bench.clock.advance_ms(bench.settings.connect_timeout_ms + 1'000);
    const auto closed = [&] {
        return std::count_if(silent.begin(), silent.end(),
                             [](const Client& client) { return client.line().is_closed; });
    };
    shard.shard.tick();
    CHECK(closed() > 0);
    CHECK(closed() < 50);
    bench.settle();
    CHECK(closed() == 100);
}
