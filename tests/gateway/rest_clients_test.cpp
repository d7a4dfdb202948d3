// Goal: REST shows clients as the broker tells of them, finds and disconnects one whatever its id
// is made of, and says 404 of one that is not there. Method: a broker that is a list, which answers
// from another thread as shards do.
#include <holdfast/broker/client_info.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include "gateway/http_client.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace holdfast;
using Catch::Matchers::Contains;

namespace {

class FakeClients final : public broker::Clients {
public:
    ~FakeClients() override {
        for (std::thread& thread : threads_) thread.join();
    }
    void list(broker::ClientQuery query, std::function<void(broker::ClientList)> done) override {
        broker::ClientList list;
        for (const auto& client : clients)
            if (client.client_id.find(query.search) != std::string::npos)
                list.clients.push_back(client);
        if (list.clients.size() > query.limit) {
            list.clients.resize(query.limit);
            list.is_truncated = true;
        }
        later([done = std::move(done), list = std::move(list)] { done(list); });
    }
    void find(std::string client_id,
              std::function<void(std::optional<broker::ClientInfo>)> done) override {
        std::optional<broker::ClientInfo> found;
        for (const auto& client : clients)
            if (client.client_id == client_id) found = client;
        later([done = std::move(done), found = std::move(found)] { done(found); });
    }
    void disconnect(std::string client_id, std::string why,
                    std::function<void(bool)> done) override {
        bool was_connected = false;
        for (auto& client : clients)
            if (client.client_id == client_id)
                was_connected = std::exchange(client.is_connected, false);
        why_ = std::move(why);
        later([done = std::move(done), was_connected] { done(was_connected); });
    }

    std::vector<broker::ClientInfo> clients;
    std::string why_;

private:
    void later(std::function<void()> task) { threads_.emplace_back(std::move(task)); }
    std::vector<std::thread> threads_;
};

broker::ClientInfo pump(const std::string& id) {
    broker::ClientInfo info;
    info.client_id = id;
    info.user = "pump";
    info.address = "192.0.2.7:51234";
    info.listener = "mqtts 0.0.0.0:8883";
    info.is_connected = true;
    info.connected_ms = 1'714'557'600'000;
    info.protocol_version = 5;
    info.subscription_count = 1;
    info.roles = {"sensor"};
    info.subscriptions = {{"cmd/#", 1, true, "access.yaml:7: sensor: deny subscribe to cmd/#"}};
    info.refusals = {
        {1'714'557'601'000, id, "pump", "192.0.2.7", "publish", "x", "no rule allows it"}};
    return info;
}

struct Site {
    Site() {
        clients.clients = {pump("pump-1"), pump("pump-2"), pump("line 1/ü")};
        gateway::add_client_routes(router, clients, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
    }
    FakeClients clients;
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<test::RunningServer> running;
    std::optional<test::Client> client;
};

} // namespace

TEST_CASE("clients are listed, and it is said where there are more", "[gateway][rest][clients]") {
    Site site;
    const auto all = boost::json::parse(site.client->get("/api/v1/clients?search=pump").body);
    REQUIRE(all.at("clients").as_array().size() == 2);
    const auto& first = all.at("clients").as_array()[0];
    CHECK(first.at("client_id") == "pump-1");
    CHECK(first.at("connected") == true);
    CHECK(first.at("connected_ms") == 1'714'557'600'000);
    CHECK(all.at("truncated") == false);
    const auto one = boost::json::parse(site.client->get("/api/v1/clients?limit=1").body);
    CHECK(one.at("clients").as_array().size() == 1);
    CHECK(one.at("truncated") == true);
    CHECK(site.client->get("/api/v1/clients?limit=0").status == 400);
    CHECK(site.client->get("/api/v1/clients?limit=10001").status == 400);
}

TEST_CASE("who asks whether there is such a client gets one or none", "[gateway][rest][clients]") {
    Site site;
    const auto answer = site.client->get("/api/v1/clients?client_id=line%201%2F%C3%BC");
    REQUIRE(answer.status == 200);
    const auto found = boost::json::parse(answer.body).at("clients").as_array();
    REQUIRE(found.size() == 1);
    CHECK(found[0].at("refusals").as_array().size() == 1);
    const auto none = site.client->get("/api/v1/clients?client_id=pump");
    CHECK(none.status == 200);
    CHECK(boost::json::parse(none.body).at("clients").as_array().empty());
}

TEST_CASE("one client is shown with subscriptions and refusals", "[gateway][rest][clients]") {
    Site site;
    const auto answer = site.client->get("/api/v1/clients/line%201%2F%C3%BC");
    REQUIRE(answer.status == 200);
    const auto shown = boost::json::parse(answer.body);
    CHECK(shown.at("known") == true);
    CHECK(shown.at("roles").as_array()[0] == "sensor");
    CHECK(shown.at("subscriptions").as_array()[0].at("denied") == true);
    CHECK(shown.at("refusals").as_array()[0].at("why") == "no rule allows it");
    const auto missing = site.client->get("/api/v1/clients/nobody");
    CHECK(missing.status == 404);
    CHECK_THAT(missing.body, Contains("there is no client 'nobody'"));
}

TEST_CASE("a client is disconnected once", "[gateway][rest][clients]") {
    Site site;
    CHECK(site.client->send("DELETE", "/api/v1/clients/pump-1", "").status == 204);
    CHECK(site.clients.why_ == "disconnected by an operator");
    const auto again = site.client->send("DELETE", "/api/v1/clients/pump-1", "");
    CHECK(again.status == 404);
    CHECK_THAT(again.body, Contains("no client 'pump-1' is connected"));
}
