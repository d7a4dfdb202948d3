// Goal: models can be made, seen, replaced and removed over REST, and refusals say why. Method: a
// real engine over a real log in a temporary directory, a raw HTTP client.
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/models/engine.hpp>
#include <support/log_publisher.hpp>
#include <support/temp_dir.hpp>
#include "gateway/http_client.hpp"

#include <catch2/catch.hpp>
#include <support/keyspaces.hpp>

using namespace holdfast;
using Catch::Matchers::Contains;

namespace {

constexpr std::string_view kModel =
    "name: warm\nkind: seasonal_range\nsource: cars\nfields: [temp]\nwarmup: 1d\n";
constexpr std::string_view kPath = "/api/v1/models/warm";

struct Api {
    Api() {
        auto opened = log::Log::open(
            {.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()}, clock, metrics);
        REQUIRE(opened);
        log = std::move(opened).value();
        log::StreamSettings cars;
        cars.name = "cars";
        REQUIRE(log->create_stream(cars));
        publisher.emplace(*log, "cars");
        pool.emplace(*log, 1);
        engine.emplace(models::EngineSettings{.models_max = 2},
                       models::Engine::Parts{*log, *pool, *publisher, alarms, metrics, clock});
        REQUIRE(engine->start());
        gateway::add_model_routes(router, *engine, work, work);
        gateway::add_openapi_route(router);
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
    std::optional<test::LogPublisher> publisher;
    alarms::Registry alarms;
    std::optional<log::ConsumerPool> pool;
    std::optional<models::Engine> engine;
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<test::RunningServer> running;
    std::optional<test::Client> client;
};

} // namespace

TEST_CASE("a model is made, seen, replaced and removed", "[gateway][rest]") {
    Api api;
    CHECK(api.send("GET", "/api/v1/models").body == "[]");
    const auto made = api.send("POST", "/api/v1/models", kModel);
    CHECK(made.status == 201);
    CHECK_THAT(made.body, Contains(R"("name":"warm","kind":"seasonal_range","source":"cars")") &&
                              Contains(R"("fields":["temp"])") &&
                              Contains(R"("warmup":{"samples":200,"ms":86400000})") &&
                              Contains(R"("devices":0,"lag":0,"counts":{"scored":0)") &&
                              Contains(R"("definition":"name: warm\nkind: )"));
    CHECK(api.send("POST", "/api/v1/models", kModel).status == 409);
    CHECK(api.send("GET", kPath).body == made.body);
    CHECK(api.send("GET", "/api/v1/models").body == "[" + made.body + "]");

    const auto replaced =
        api.send("PUT", kPath,
                 R"({"name": "warm", "kind": "ewma_pca", "source": "cars", "fields": ["a", "b"]})");
    CHECK(replaced.status == 200);
    CHECK_THAT(replaced.body, Contains(R"("kind":"ewma_pca")") &&
                                  Contains(R"("warmup":{"samples":100})") &&
                                  Contains(R"("threshold":)"));
    CHECK(api.send("DELETE", kPath).status == 204);
    CHECK(api.send("DELETE", kPath).status == 404);
    CHECK_THAT(api.send("GET", kPath).body, Contains("there is no model 'warm'"));
    CHECK(api.send("PUT", kPath, kModel).status == 201);
}

TEST_CASE("a bad model is refused with the place of its fault", "[gateway][rest]") {
    Api api;
    const auto refused = [&](const std::string& body, const std::string& why) {
        CAPTURE(body.substr(0, 100));
        const auto answer = api.send("POST", "/api/v1/models", body);
        CHECK(answer.status == 400);
        CHECK(answer.has("application/problem+json"));
        CHECK_THAT(answer.body, Contains(why));
    };
    refused("", "model");
    refused("name: x\nkind: psychic\nsource: cars\nfields: [a]\n", "psychic");
    refused("name: x\nkind: ewma_pca\nsource: cars\nfields: [a, b]\nsmell: 3\n", "model:5");
    refused("name: [", "model:1");
    refused(std::string(60'000, '['), "model:1");
    refused("name: \xff", "UTF-8");
    refused(std::string(70'000, '#'), "at most 65536");
    CHECK(api.send("POST", "/api/v1/models",
                   "name: x\nkind: seasonal_range\nsource: none\nfields: [a]\n")
              .status == 404);
    CHECK_THAT(api.send("PUT", "/api/v1/models/cold", kModel).body, Contains("the path names"));
    CHECK(api.engine->list().empty());
}

TEST_CASE("one model too many is refused for now", "[gateway][rest]") {
    Api api;
    const std::string rest = "\nkind: seasonal_range\nsource: cars\nfields: [a]\n";
    CHECK(api.send("POST", "/api/v1/models", "name: a" + rest).status == 201);
    CHECK(api.send("POST", "/api/v1/models", "name: b" + rest).status == 201);
    CHECK(api.send("POST", "/api/v1/models", "name: c" + rest).status == 429);
    CHECK_THAT(api.send("GET", "/api/v1/openapi.json").body,
               Contains(R"("/api/v1/models/{name}")") && Contains(R"("/api/v1/models")"));
}
