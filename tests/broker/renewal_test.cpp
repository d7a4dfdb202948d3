// Goal: rights that are taken away end or narrow what lives by them, and rights that are given back
// revive it. Method: shards over memory, a gate over rules in a text.
#include "broker/broker_bench.hpp"
#include "broker/test_gate.hpp"

#include <algorithm>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::Qos;
using mqtt::Version;

namespace {

std::string rules(const std::string& viewer) {
    return R"(
roles:
  source:
    - {allow: connect, clients: ["*"]}
    - {allow: publish, topics: ["#"]}
  viewer:
)" + viewer;
}
const std::string kAll = rules(R"(
    - {allow: connect, clients: ["*"]}
    - {allow: [publish, subscribe], topics: ["a/#", "b/#"]}
)");
const std::string kOnlyB = rules(R"(
    - {allow: connect, clients: ["*"]}
    - {allow: [publish, subscribe], topics: ["b/#"]}
)");
const std::string kNoConnect = rules(R"(
    - {allow: subscribe, topics: ["a/#", "b/#"]}
)");

struct Renewal {
    explicit Renewal(std::size_t shards = 1) : bench(shards) {
        gate.roles = {{"source", {"source"}}, {"eye", {"viewer"}}};
        bench.set_gate(gate);
    }
    Client connect(std::string_view user, bool lasts = false,
                   std::optional<mqtt::Will> will = std::nullopt) {
        mqtt::Connect connect;
        connect.client_id = user;
        connect.user_name = user;
        connect.password = as_bytes("secret");
        connect.clean_start = !lasts;
        connect.will = std::move(will);
        if (lasts) connect.properties.session_expiry_interval_s = 1000;
        return bench.connect(connect);
    }
    Client watch(bool lasts = false) {
        const Client eye = connect("eye", lasts);
        eye.subscribe("a/#", Qos::at_least_once);
        eye.subscribe("b/#", Qos::at_least_once);
        bench.settle();
        CHECK(eye.received() == Lines{"SUBACK 1", "SUBACK 1"});
        return eye;
    }
    // As after a reload.
    void change(const std::string& access) {
        gate.change(access);
        bench.broker->follow_rights();
        bench.settle();
    }
    std::uint64_t denied() const { return bench.broker->counters().dropped_denied.value(); }

    TestGate gate{kAll};
    BrokerBench bench;
};

} // namespace

TEST_CASE("a subscription that is not allowed any more gets nothing, until it is again",
          "[broker][gate]") {
    Renewal renewal;
    const Client source = renewal.connect("source");
    const Client eye = renewal.watch();
    const auto publish = [&] {
        source.publish("a/x", "1");
        source.publish("b/x", "2");
        renewal.bench.settle();
    };
    renewal.change(kOnlyB);
    publish();
    CHECK(eye.received() == Lines{"PUBLISH b/x 2"});
    CHECK(renewal.bench.broker->subscriptions().size() == 1);
    renewal.change(kAll);
    publish();
    CHECK(eye.received() == Lines{"PUBLISH a/x 1", "PUBLISH b/x 2"});
    CHECK_FALSE(eye.line().is_closed);
}

TEST_CASE("a topic that was granted is asked for again when rights have changed",
          "[broker][gate]") {
    Renewal renewal;
    const Client eye = renewal.connect("eye");
    eye.publish("a/x", "1", 1);
    renewal.bench.settle();
    renewal.change(kOnlyB);
    eye.publish("a/x", "1", 2);
    renewal.bench.settle();
    CHECK(eye.received() == Lines{"PUBACK #1", "PUBACK #2 135"});
}

TEST_CASE("a user that is gone is disconnected, and its session ends, connected or not",
          "[broker][gate]") {
    Renewal renewal;
    const bool is_offline = GENERATE(false, true);
    const bool crashes = is_offline && GENERATE(false, true);
    const Client eye = renewal.watch(true);
    if (is_offline) eye.hang_up();
    renewal.bench.settle();
    if (crashes) renewal.bench.crash();
    CHECK(renewal.bench.broker->session_count() == 1);
    renewal.gate.remove("eye");
    renewal.bench.settle_lazily(); // nobody told the shards: their tick looks
    if (!is_offline) CHECK(eye.received() == Lines{"DISCONNECT 135"});
    CHECK(renewal.bench.broker->session_count() == 0);
    CHECK(renewal.bench.broker->subscriptions().size() == 0);
}

TEST_CASE("who came with a password that is another one now comes again, to the same session",
          "[broker][gate]") {
    Renewal renewal;
    renewal.gate.password_ids["eye"] = 1;
    const bool is_offline = GENERATE(false, true);
    const Client source = renewal.connect("source");
    const Client eye = renewal.watch(true);
    if (is_offline) eye.hang_up();
    renewal.bench.settle();
    renewal.gate.change_password("eye");
    renewal.bench.broker->follow_rights();
    renewal.bench.settle();
    if (!is_offline) CHECK(eye.received() == Lines{"DISCONNECT 135"});
    source.publish("a/x", "1", 1);
    renewal.bench.settle();
    const Client again = renewal.connect("eye", true);
    CHECK(again.line().greeting == Lines{"CONNACK 0 present", "PUBLISH a/x 1 #1"});
    renewal.bench.broker->follow_rights();
    renewal.bench.settle();
    CHECK_FALSE(again.line().is_closed);
}

TEST_CASE("who may not connect any more is disconnected", "[broker][gate]") {
    Renewal renewal;
    const Client eye = renewal.watch();
    renewal.change(kNoConnect);
    CHECK(eye.received() == Lines{"DISCONNECT 135"});
    CHECK(eye.line().is_closed);
}

TEST_CASE("what waited for a session is asked for again when it is sent", "[broker][gate]") {
    Renewal renewal;
    const bool crashes = GENERATE(false, true);
    {
        const Client source = renewal.connect("source");
        const Client eye = renewal.watch(true);
        eye.hang_up();
        source.publish("a/x", "1", 1);
        source.publish("b/x", "2", 2);
        renewal.bench.settle();
    }
    renewal.change(kOnlyB);
    if (crashes) renewal.bench.crash();
    const Client again = renewal.connect("eye", true);
    CHECK(again.line().greeting == Lines{"CONNACK 0 present", "PUBLISH b/x 2 #2"});
    CHECK(renewal.denied() == 1);
}

TEST_CASE("what waits for acknowledgements is asked for again when it is sent", "[broker][gate]") {
    Renewal renewal;
    const Client source = renewal.connect("source");
    mqtt::Connect connect;
    connect.client_id = "eye";
    connect.user_name = "eye";
    connect.password = as_bytes("secret");
    connect.version = Version::v5;
    connect.properties.receive_maximum = 1;
    const Client eye = renewal.bench.connect(connect);
    eye.subscribe("a/#", Qos::at_least_once);
    eye.subscribe("b/#", Qos::at_least_once);
    renewal.bench.settle();
    (void)eye.received();
    std::uint16_t id = 0;
    for (const char* topic : {"b/1", "a/2", "b/3", "a/4", "a/5"}) source.publish(topic, "x", ++id);
    renewal.bench.settle();
    CHECK(eye.received() == Lines{"PUBLISH b/1 x #1"});
    renewal.change(kOnlyB);
    source.publish("b/6", "x", ++id);
    eye.acknowledge(1);
    renewal.bench.settle();
    CHECK(eye.received() == Lines{"PUBLISH b/3 x #2"});
    eye.acknowledge(2);
    renewal.bench.settle();
    CHECK(eye.received() == Lines{"PUBLISH b/6 x #3"});
    CHECK(renewal.denied() == 3);
}

TEST_CASE("a message that is being stored when the right is lost does not arrive",
          "[broker][gate]") {
    Renewal renewal;
    const Client source = renewal.connect("source");
    const Client eye = renewal.watch();
    source.publish("a/x", "1", 1);
    source.publish("b/x", "2", 2);
    for (auto& shard : renewal.bench.shards) shard->shard.end_turn(); // on its way to the log
    renewal.gate.change(kOnlyB);
    for (auto& shard : renewal.bench.shards) shard->shard.follow_rights();
    renewal.bench.settle();
    CHECK(eye.received() == Lines{"PUBLISH b/x 2 #1"});
    CHECK(renewal.denied() == 1);
}

TEST_CASE("a will that may not be published any more is not", "[broker][gate][will]") {
    Renewal renewal;
    const bool is_told = GENERATE(false, true);
    const Client eye = renewal.connect(
        "eye", false, mqtt::Will{"a/w", as_bytes("gone"), Qos::at_least_once, false, {}});
    if (is_told)
        renewal.change(kOnlyB);
    else
        renewal.gate.change(kOnlyB); // the shard has not heard of it yet
    eye.hang_up();
    renewal.bench.settle();
    CHECK(renewal.bench.log.stored.empty());
    CHECK(renewal.bench.broker->counters().refused_publish.value() == 1);
}

TEST_CASE("rights change for more sessions than one turn takes", "[broker][gate]") {
    Renewal renewal(2);
    constexpr std::size_t kClients = 2500;
    std::vector<Client> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
        mqtt::Connect connect;
        const std::string id = "eye-" + std::to_string(i);
        connect.client_id = id;
        connect.user_name = "eye";
        connect.password = as_bytes("secret");
        clients.push_back(renewal.bench.connect(connect));
    }
    renewal.gate.remove("eye");
    renewal.bench.broker->follow_rights();
    renewal.bench.settle();
    CHECK(
        std::ranges::all_of(clients, [](const Client& client) { return client.line().is_closed; }));
    CHECK(renewal.bench.broker->client_count() == 0);
}
