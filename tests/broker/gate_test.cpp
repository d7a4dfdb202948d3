// Goal: the MQTT door lets nobody in, and lets nobody do anything, that the rights do not allow,
// and says so in the protocol's words. Method: shards over memory, a gate over rules in a text.
#include "broker/broker_bench.hpp"
#include "broker/test_gate.hpp"

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::Qos;
using mqtt::Version;

namespace {

constexpr const char* kAccess = R"(
roles:
  sensor:
    - {allow: connect, clients: ["{user}", "{user}-*", "shared"]}
    - {allow: publish, topics: ["plant/{user}/#"]}
    - {allow: subscribe, topics: ["cmd/{user}/#"]}
  viewer:
    - {allow: connect, clients: ["*"]}
    - {allow: subscribe, topics: ["plant/#"]}
  guest:
    - {allow: connect, clients: ["auto-*"]}
    - {allow: subscribe, topics: ["news"]}
anonymous: [guest]
)";

struct Gated {
    explicit Gated(std::size_t shards = 1, BrokerSettings settings = {}) : bench(shards, settings) {
        gate.roles = {{"s1", {"sensor"}}, {"s2", {"sensor"}}, {"eye", {"viewer"}}, {"", {"guest"}}};
        bench.set_gate(gate);
    }
    static mqtt::Connect packet(std::string_view client_id, std::string_view user,
                                Version version = Version::v5) {
        mqtt::Connect connect;
        connect.version = version;
        connect.client_id = client_id;
        if (!user.empty()) {
            connect.user_name = user;
            connect.password = as_bytes("secret");
        }
        return connect;
    }
    Client send(const mqtt::Connect& connect, std::size_t shard = 0) {
        Client client = bench.open(shard, connect.version);
        Bytes out;
        mqtt::encode_connect(out, connect);
        client.send(out);
        bench.settle();
        return client;
    }
    Client connect(std::string_view client_id, std::string_view user,
                   Version version = Version::v5) {
        return bench.connect(packet(client_id, user, version));
    }

    TestGate gate{kAccess};
    BrokerBench bench;
};

mqtt::Connect lasting(mqtt::Connect connect) {
    connect.clean_start = false;
    if (connect.version == Version::v5) connect.properties.session_expiry_interval_s = 1000;
    return connect;
}

} // namespace

TEST_CASE("who is not known, or may not have the client id, is refused by its own code",
          "[broker][gate]") {
    struct Row {
        const char* what;
        const char* client_id;
        const char* user;
        bool is_wrong_password;
        Version version;
        const char* answer;
    };
    const auto row = GENERATE(values<Row>({
        {"known", "s1", "s1", false, Version::v5, "CONNACK 0"},
        {"known, MQTT 3", "s1-a", "s1", false, Version::v311, "CONNACK 0"},
        {"no such user", "s9", "s9", false, Version::v5, "CONNACK 134"},
        {"no such user, MQTT 3", "s9", "s9", false, Version::v311, "CONNACK 4"},
        {"wrong password", "s1", "s1", true, Version::v5, "CONNACK 134"},
        {"another's client id", "s2", "s1", false, Version::v5, "CONNACK 135"},
        {"another's client id, MQTT 3", "s2", "s1", false, Version::v311, "CONNACK 5"},
        {"nobody, with a client id", "x", "", false, Version::v5, "CONNACK 135"},
        {"nobody, with one of ours", "", "", false, Version::v5, "CONNACK 0"},
    }));
    CAPTURE(row.what);
    Gated door;
    auto connect = Gated::packet(row.client_id, row.user, row.version);
    if (row.is_wrong_password) connect.password = as_bytes("guess");
    const Client client = door.send(connect);
    CHECK(client.received() == Lines{row.answer});
    const bool is_refused = std::string(row.answer) != "CONNACK 0";
    CHECK(client.line().is_closed == is_refused);
    CHECK(door.bench.broker->counters().refused_connects.value() == (is_refused ? 1U : 0U));
}

TEST_CASE("nothing behind CONNECT is handled before it is known who sends it", "[broker][gate]") {
    Gated door;
    door.gate.is_slow = true;
    const Client client = door.send(Gated::packet("s1", "s1"));
    client.publish("plant/s1/t", "x", 1);
    client.publish("plant/s1/t", "y", 2);
    door.bench.settle();
    CHECK(client.received().empty());
    CHECK(door.bench.log.stored.empty());
    door.gate.answer_all();
    door.bench.settle();
    CHECK(client.received() == Lines{"CONNACK 0", "PUBACK #1", "PUBACK #2"});
    CHECK(door.bench.log.stored.size() == 2);
}

TEST_CASE("who hangs up, or sends without end, while it is unknown leaves nothing",
          "[broker][gate]") {
    Gated door;
    door.gate.is_slow = true;
    const std::size_t used = door.bench.memory.used_bytes();
    const Client client = door.send(Gated::packet("s1", "s1"));
    SECTION("hangs up") {
        client.hang_up();
    }
    SECTION("sends without end") {
        const Bytes bytes(16'384);
        for (int i = 0; i < 40 && !client.line().is_closed; ++i) client.send(bytes);
        CHECK(client.line().is_closed);
    }
    SECTION("waits too long") {
        door.bench.clock.advance_ms(60'000);
        door.bench.settle_lazily();
        CHECK(client.line().is_closed);
    }
    door.gate.answer_all();
    door.bench.settle();
    CHECK(client.received().empty());
    CHECK(door.bench.memory.used_bytes() == used);
    CHECK(door.bench.broker->client_count() == 0);
}

TEST_CASE("rights that change while the password is checked count", "[broker][gate]") {
    Gated door;
    door.gate.is_slow = true;
    const Client client = door.send(Gated::packet("s1", "s1"));
    door.gate.remove("s1");
    door.gate.answer_all();
    door.bench.settle();
    CHECK(client.received() == Lines{"CONNACK 135"});
}

TEST_CASE("a will that may not be published refuses its CONNECT", "[broker][gate][will]") {
    Gated door;
    auto connect = Gated::packet("s1", "s1");
    connect.will = mqtt::Will{"plant/s2/t", as_bytes("gone"), Qos::at_most_once, false, {}};
    CHECK(door.send(connect).received() == Lines{"CONNACK 135"});
    connect.will->topic = "plant/s1/t";
    CHECK(door.send(connect).received() == Lines{"CONNACK 0"});
    CHECK(door.bench.broker->counters().refused_publish.value() == 1);
}

TEST_CASE("a message that may not be published: MQTT 5 is told and stays, in its turn",
          "[broker][gate]") {
    Gated door;
    const Client client = door.connect("s1", "s1");
    client.publish("plant/s1/t", "x", 1);
    client.publish("plant/s2/t", "x", 2);
    client.publish_qos2("plant/s2/t", "x", 3);
    client.publish("plant/s2/t", "x");
    client.publish("plant/s1/t", "y", 4);
    door.bench.settle();
    CHECK(client.received() == Lines{"PUBACK #1", "PUBACK #2 135", "PUBREC #3 135", "PUBACK #4"});
    CHECK(door.bench.log.stored.size() == 2);
    CHECK(door.bench.broker->counters().refused_publish.value() == 3);
}

TEST_CASE("a message that may not be published: MQTT 3 is closed, or as the settings say",
          "[broker][gate]") {
    BrokerSettings settings;
    settings.drops_refused_publish = GENERATE(false, true);
    Gated door(1, settings);
    const Client client = door.connect("s1", "s1", Version::v311);
    client.publish("plant/s2/t", "x", 1);
    door.bench.settle();
    CHECK(client.line().is_closed != settings.drops_refused_publish);
    CHECK(door.bench.log.stored.empty());
}

TEST_CASE("what one client may publish another still may not, whoever asked first",
          "[broker][gate]") {
    Gated door;
    const Client first = door.connect("s1", "s1");
    const Client second = door.connect("s2", "s2");
    for (std::uint16_t id = 1; id <= 3; ++id) {
        first.publish("plant/s1/t", "x", id);
        second.publish("plant/s1/t", "x", id);
        door.bench.settle();
        const auto number = std::to_string(id);
        CHECK(first.received() == Lines{"PUBACK #" + number});
        CHECK(second.received() == Lines{"PUBACK #" + number + " 135"});
    }
}

TEST_CASE("a filter is granted only where all that it matches is", "[broker][gate]") {
    const auto version = GENERATE(as<Version>(), Version::v311, Version::v5);
    const std::string refused = version == Version::v5 ? "SUBACK 135" : "SUBACK 128";
    Gated door;
    const Client client = door.connect("s1", "s1", version);
    for (const char* filter : {"#", "cmd/#", "cmd/+/x", "cmd/s2/x"}) {
        client.subscribe(filter, Qos::at_least_once);
        door.bench.settle();
        CHECK(client.received() == Lines{refused});
    }
    client.subscribe("cmd/s1/#", Qos::at_least_once);
    door.bench.settle();
    CHECK(client.received() == Lines{"SUBACK 1"});
    CHECK(door.bench.broker->counters().refused_subscribe.value() == 4);
    CHECK(door.bench.broker->subscriptions().size() == 1);
}

TEST_CASE("what waits for one user is not for another who takes its client id over",
          "[broker][gate]") {
    Gated door;
    const bool crashes = GENERATE(false, true);
    const Client first = door.send(lasting(Gated::packet("shared", "s1")));
    first.subscribe("cmd/s1/#", Qos::at_least_once);
    door.bench.settle();
    CHECK(first.received() == Lines{"CONNACK 0", "SUBACK 1"});
    first.hang_up();
    door.bench.settle();
    if (crashes) door.bench.crash();
    SECTION("the user itself finds its session") {
        const Client again = door.send(lasting(Gated::packet("shared", "s1")));
        CHECK(again.received() == Lines{"CONNACK 0 present"});
        CHECK(door.bench.broker->subscriptions().size() == 1);
    }
    SECTION("another starts clean") {
        const Client other = door.send(lasting(Gated::packet("shared", "s2")));
        CHECK(other.received() == Lines{"CONNACK 0"});
        CHECK(door.bench.broker->subscriptions().size() == 0);
    }
}
