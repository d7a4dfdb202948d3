// Goal: rules can be made, seen, paused, replaced, tried and removed over REST, and refusals say
// why. Method: a real engine over a real log in a temporary directory, a raw HTTP client.
#include <holdfast/broker/bridge.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/stream_users.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/rules/engine.hpp>
#include <support/log_publisher.hpp>
#include <support/temp_dir.hpp>
#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>
#include <support/keyspaces.hpp>

using namespace holdfast;
using Catch::Matchers::Contains;

namespace {

constexpr std::string_view kRule = "CREATE RULE hot AS SELECT temp FROM 'car/+/obd' WHERE temp > 5";
constexpr std::string_view kPath = "/api/v1/rules/hot";

class NoPublisher final : public broker::Publisher {
public:
    void publish(broker::PublishBatch, Done done) override {
        done(fail(Errc::closed, "nothing is published here"));
    }
};

struct Api {
    Api() {
        auto opened = log::Log::open(
            {.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()}, clock, metrics);
        REQUIRE(opened);
        log = std::move(opened).value();
        pool.emplace(*log, 1);
        engine.emplace(rules::EngineSettings{},
                       rules::Engine::Parts{*log, *pool, publisher, alarms, clock, metrics,
                                            [](auto) { return std::vector<std::string>{}; }});
        REQUIRE(engine->start());
        gateway::add_rule_routes(router, *engine, *log, work, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Api() {
        client.reset();
        running->stop();
        work.stop();
        engine->stop();
        pool->stop();
    }
    test::Answer send(std::string_view method, std::string_view target,
                      std::string_view body = "") {
        return client->send(method, target, body, "");
    }

    test::TempDir dir;
    SystemClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log;
    NoPublisher publisher;
    alarms::Registry alarms;
    std::optional<log::ConsumerPool> pool;
    std::optional<rules::Engine> engine;
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<test::RunningServer> running;
    std::optional<test::Client> client;
};

} // namespace

TEST_CASE("a rule is made, seen, paused, resumed and removed", "[gateway][rest]") {
    Api api;
    const auto made = api.send("POST", "/api/v1/rules", kRule);
    CHECK(made.status == 201);
    CHECK_THAT(made.body, Contains(R"("name":"hot")") && Contains(R"("status":"running")"));
    CHECK_THAT(api.send("GET", "/api/v1/rules").body, Contains(R"("name":"hot")"));
    CHECK(api.send("POST", "/api/v1/rules", kRule).status == 409);
    CHECK(api.send("PUT", kPath, kRule).status == 200); // PUT is to replace
    CHECK_THAT(api.send("POST", "/api/v1/rules/hot/pause").body, Contains("paused"));
    CHECK_THAT(api.send("POST", "/api/v1/rules/hot/resume").body, Contains("running"));
    CHECK(api.send("DELETE", kPath).status == 204);
    CHECK(api.send("GET", kPath).status == 404);
}

TEST_CASE("a bad rule is refused with the place of its fault", "[gateway][rest]") {
    Api api;
    const auto answer = api.send("POST", "/api/v1/rules", "CREATE RULE x AS SELECT FROM 'a'");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Contains("line 1, column"));
    CHECK(api.send("POST", "/api/v1/rules", "{\"sql\":1}").status == 400);
    CHECK_THAT(api.send("PUT", "/api/v1/rules/other", kRule).body, Contains("the path names"));
}

TEST_CASE("a rule with a stream that is not there, or with a topic that is none, is refused",
          "[gateway][rest]") {
    Api api;
    log::StreamSettings settings;
    settings.name = "here";
    REQUIRE(api.log->create_stream(settings));
    struct Row {
        const char* what;
        std::string_view rest;
        unsigned status;
        std::string_view says;
    };
    const auto row = GENERATE(values<Row>({
        {"appends", "FROM 'a' THEN APPEND gone", 404, "there is no stream 'gone' to append to"},
        {"reads", "FROM gone", 404, "line 1, column 37: there is no stream 'gone'"},
        {"a filter", "FROM 'a/#/b'", 400, "'a/#/b' is no topic filter"},
        {"a topic", "FROM 'a' THEN PUBLISH 'a/+'", 400, "PUBLISH 'a/+' is no topic"},
        {"all well", "FROM here THEN APPEND here2", 404, "here2"},
        {"all well", "FROM 'a' THEN APPEND here THEN PUBLISH 'b/${t}'", 201, "running"},
    }));
    CAPTURE(row.rest);
    const std::string sql = "CREATE RULE x AS SELECT a AS t " + std::string(row.rest);
    const auto answer = api.send("POST", "/api/v1/rules", sql);
    CHECK(answer.status == row.status);
    CHECK_THAT(answer.body, Contains(std::string(row.says)));
    CHECK(api.log->find_stream("gone") == nullptr);
    CHECK(api.send("DELETE", "/api/v1/rules/x").status == (row.status == 201 ? 204 : 404));
    CHECK(api.send("PUT", "/api/v1/rules/x", sql).status == row.status);
}

TEST_CASE("who would miss a stream is told by what it is used for", "[gateway][rest]") {
    Api api;
    for (const char* name : {"here", "there"}) {
        log::StreamSettings settings;
        settings.name = name;
        REQUIRE(api.log->create_stream(settings));
    }
    REQUIRE(api.engine->create("CREATE RULE r AS SELECT a FROM here THEN APPEND there"));
    test::LogPublisher publisher(*api.log, "here");
    models::Engine models({}, {*api.log, *api.pool, publisher, api.alarms, api.metrics, api.clock});
    REQUIRE(models.create("{name: m, kind: seasonal_range, source: here, fields: [a]}", "model"));
    const auto bridge =
        broker::Bridge::make(std::vector<broker::RouteSettings>{{"#", "there", ""}});
    REQUIRE(bridge);
    const auto users = [&](std::string_view stream) {
        return gateway::stream_users(stream, bridge.value(), {*api.engine, models});
    };
    using Texts = std::vector<std::string>;
    CHECK(users("here") == Texts{"rule 'r' reads it", "model 'm' reads it"});
    CHECK(users("there") == Texts{"the bridge leads topics to it", "rule 'r' appends to it"});
    CHECK(users("alarms") == Texts{"the server keeps alarms in it"});
    CHECK(users("free").empty());
}

TEST_CASE("a rule is tried over events without being made", "[gateway][rest]") {
    Api api;
    const auto answer =
        api.send("POST", "/api/v1/rules/test",
                 R"({"sql":"CREATE RULE hot AS SELECT temp FROM 'car/+/obd' WHERE temp > 5",)"
                 "\n\"events\":[{\"topic\":\"car/1/obd\",\n\"payload\":{\"temp\":7}},"
                 R"({"topic":"car/1/obd","payload":{"temp":3}}]})");
    CHECK(answer.status == 200);
    CHECK_THAT(answer.body, Contains(R"("rows":[{"temp":7)") && Contains(R"("rows_out":1)"));
    CHECK(api.engine->list().empty());
    CHECK(api.send("POST", "/api/v1/rules/test", R"({"events":[]})").status == 400);
}

TEST_CASE("a rule may be called test, like the path that tries rules", "[gateway][rest]") {
    Api api;
    const std::string rule = "CREATE OR REPLACE RULE test AS SELECT temp FROM 'car/+/obd'";
    CHECK(api.send("PUT", "/api/v1/rules/test", rule).status == 201);
    CHECK_THAT(api.send("GET", "/api/v1/rules/test").body, Contains(R"("name":"test")"));
    CHECK(api.send("PUT", "/api/v1/rules/test", rule).status == 200);
    CHECK(api.send("DELETE", "/api/v1/rules/test").status == 204);
    CHECK(api.send("GET", "/api/v1/rules/test").status == 404);
    CHECK(api.send("PATCH", "/api/v1/rules/test").has("Allow: POST, GET, HEAD, PUT, DELETE"));
}
