// Goal: what the broker tells of its clients is true, whichever shard they live on, and a client
// that is disconnected knows why. Method: shards over memory; what is asked is answered by tasks.
#include "broker/broker_bench.hpp"
#include "broker/test_gate.hpp"

#include <holdfast/broker/client_info.hpp>

#include <optional>

using namespace holdfast;
using namespace holdfast::broker;
using namespace holdfast::broker::test;
using Lines = std::vector<std::string>;
using mqtt::Qos;
using mqtt::Version;

namespace {

const char* const kAccess = R"(
roles:
  viewer:
    - {allow: connect, clients: ["eye*"]}
    - {allow: subscribe, topics: ["a/#", "b/#"]}
)";
const char* const kOnlyB = R"(
roles:
  viewer:
    - {allow: connect, clients: ["eye*"]}
    - {allow: subscribe, topics: ["b/#"]}
)";

struct Asked {
    explicit Asked(std::size_t shards = 2) : bench(shards), clients(clients_of(*bench.broker)) {}
    ClientList list(ClientQuery query) {
        std::optional<ClientList> answer;
        clients->list(std::move(query), [&](ClientList list) { answer = std::move(list); });
        bench.settle();
        REQUIRE(answer);
        return *answer;
    }
    Lines names(ClientQuery query) {
        Lines out;
        for (const ClientInfo& client : list(std::move(query)).clients)
            out.push_back(client.client_id);
        return out;
    }
    std::optional<ClientInfo> find(const std::string& client_id) {
        std::optional<std::optional<ClientInfo>> answer;
        clients->find(client_id, [&](std::optional<ClientInfo> info) { answer = std::move(info); });
        bench.settle();
        REQUIRE(answer);
        return *answer;
    }
    bool disconnect(const std::string& client_id) {
        std::optional<bool> answer;
        clients->disconnect(client_id, "an operator said so", [&](bool was) { answer = was; });
        bench.settle();
        REQUIRE(answer);
        return *answer;
    }
    BrokerBench bench;
    std::unique_ptr<Clients> clients;
};

mqtt::Connect as_eye(std::string_view client_id) {
    mqtt::Connect connect;
    connect.client_id = client_id;
    connect.user_name = "eye";
    connect.password = as_bytes("secret");
    connect.version = Version::v5;
    return connect;
}

} // namespace

TEST_CASE("clients of all shards are listed by client id, up to the limit", "[broker][clients]") {
    Asked asked;
    for (const char* id : {"pump-3", "pump-1", "valve-9", "pump-2"}) (void)asked.bench.connect(id);
    CHECK(asked.names({}) == Lines{"pump-1", "pump-2", "pump-3", "valve-9"});
    CHECK(asked.names({"pump", 100}) == Lines{"pump-1", "pump-2", "pump-3"});
    CHECK(asked.names({"pump", 2}) == Lines{"pump-1", "pump-2"});
    CHECK(asked.list({"pump", 2}).is_truncated);
    CHECK_FALSE(asked.list({"pump", 3}).is_truncated);
    CHECK(asked.names({"nobody", 100}).empty());
}

TEST_CASE("a look at many sessions is a matter of several turns", "[broker][clients]") {
    Asked asked(1);
    constexpr std::size_t kClients = 3'500;
    for (std::size_t i = 0; i < kClients; ++i)
        (void)asked.bench.connect("c" + std::to_string(10'000 + i));
    std::optional<ClientList> answer;
    asked.clients->list({"", 2}, [&](ClientList list) { answer = std::move(list); });
    ShardBench& shard = *asked.bench.shards[0];
    std::size_t turns = 0;
    while (const auto task = shard.next_task()) {
        CHECK_FALSE(answer);
        shard.shard.run(task);
        shard.shard.end_turn();
        ++turns;
    }
    CHECK(turns == 4);
    REQUIRE(answer);
    REQUIRE(answer->clients.size() == 2);
    CHECK(answer->clients[1].client_id == "c10001");
    CHECK(answer->is_truncated);
}

TEST_CASE("a client is shown with its queue, its subscriptions and what was refused",
          "[broker][clients]") {
    TestGate gate{kAccess};
    gate.roles = {{"eye", {"viewer"}}};
    Asked asked;
    asked.bench.set_gate(gate);
    mqtt::Connect connect = as_eye("eye-1");
    connect.properties.session_expiry_interval_s = 1'000;
    connect.keep_alive_s = 60;
    const Client eye = asked.bench.connect(connect);
    eye.subscribe("a/#", Qos::at_least_once);
    eye.subscribe("b/#", Qos::exactly_once);
    eye.subscribe("c/#", Qos::at_least_once);
    asked.bench.settle();
    gate.change(kOnlyB);
    asked.bench.broker->follow_rights();
    asked.bench.settle();

    auto info = asked.find("eye-1");
    REQUIRE(info);
    CHECK(info->is_connected);
    CHECK(info->is_persistent);
    CHECK(info->user == "eye");
    CHECK(info->roles == Lines{"viewer"});
    CHECK(info->protocol_version == 5);
    CHECK(info->keep_alive_s == 60);
    CHECK(info->connected_ms == asked.bench.clock.now_ms());
    REQUIRE(info->subscriptions.size() == 2);
    CHECK(info->subscriptions[0].filter == "a/#");
    CHECK(info->subscriptions[0].is_denied);
    CHECK(info->subscriptions[0].why == "no rule allows it");
    CHECK_FALSE(info->subscriptions[1].is_denied);
    CHECK(info->subscriptions[1].qos == 2);
    REQUIRE(info->refusals.size() == 2);
    CHECK(info->refusals[0].resource == "c/#");
    CHECK(info->refusals[1].action == "subscribe");

    eye.hang_up();
    asked.bench.settle();
    info = asked.find("eye-1");
    REQUIRE(info);
    CHECK_FALSE(info->is_connected);
    CHECK(info->address.empty());
    CHECK(info->disconnected_ms != 0);
}

TEST_CASE("of a client id that was only refused the refusals are shown", "[broker][clients]") {
    TestGate gate{kAccess};
    gate.roles = {{"eye", {"viewer"}}};
    Asked asked;
    asked.bench.set_gate(gate);
    const Client stranger = asked.bench.open(0, Version::v5);
    Bytes out;
    mqtt::encode_connect(out, as_eye("stranger"));
    stranger.send(out);
    asked.bench.settle();
    const auto info = asked.find("stranger");
    REQUIRE(info);
    CHECK(info->protocol_version == 0);
    REQUIRE(info->refusals.size() == 1);
    CHECK(info->refusals[0].action == "connect");
    CHECK(info->refusals[0].why == "no rule allows it");
    CHECK_FALSE(asked.find("nobody"));
}

TEST_CASE("a client that is disconnected is told, and its session stays", "[broker][clients]") {
    Asked asked;
    const bool lasts = GENERATE(false, true);
    mqtt::Properties properties;
    if (lasts) properties.session_expiry_interval_s = 1'000;
    const Client client = asked.bench.connect("c", Version::v5, 0, properties);
    CHECK(asked.disconnect("c"));
    CHECK(client.received() == Lines{"DISCONNECT 152"});
    CHECK(client.line().is_closed);
    CHECK(asked.find("c").has_value() == lasts);
    CHECK_FALSE(asked.disconnect("c"));
    CHECK_FALSE(asked.disconnect("nobody"));
}
