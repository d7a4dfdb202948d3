// Goal: REST gives what a model says of stored samples as a series, and how many alarms thresholds
// would have raised; what is asked wrongly is named. Method: a model's engine beside a history that
// is told rows, behind a server on loopback.
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/gateway/http/router.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/model_replay_api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/models/engine.hpp>
#include <support/log_publisher.hpp>
#include "gateway/http_client.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <optional>
#include <string>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kModel =
    "name: level\nkind: level_shift\nsource: telemetry\nfields: [v]\n"
    "options: {warmup_samples: 100, hold_samples: 5}\n";

struct Site {
    Site() {
        history.from = log.make_stream("telemetry");
        for (int i = 0; i < 600; ++i) {
            const int off = i >= 400 && i < 440 ? 50 : 0;
            history.tell("press", second(i), {with("v", 10 + i % 2 + off)});
        }
        publisher.emplace(*log.log, "telemetry");
        pool.emplace(*log.log, 1);
        engine.emplace(
            models::EngineSettings{},
            models::Engine::Parts{*log.log, *pool, *publisher, alarms, log.metrics, log.clock});
        REQUIRE(engine->start());
        REQUIRE(engine->create(kModel, "test"));
        gateway::add_model_replay_routes(router, *engine, alarms, history.store.get(), *log.log,
                                         clock, work, 1U << 20U);
        gateway::add_model_label_route(router, *engine, alarms, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
        engine->stop();
        pool->stop();
    }
    boost::json::value get(const std::string& target) {
        Answer answer = client->get("/api/v1/models/" + target);
        CAPTURE(answer.body);
        CHECK(answer.status == 200);
        if (answer.has("Transfer-Encoding: chunked"))
            for (auto piece = client->read_chunk(); piece && !piece->empty();
                 piece = client->read_chunk())
                answer.body += *piece;
        return boost::json::parse(answer.body);
    }

    LogFixture log;
    StoreFixture history;
    ManualClock clock{kStartUs / 1'000 + 600'000};
    alarms::Registry alarms;
    std::optional<LogPublisher> publisher;
    std::optional<log::ConsumerPool> pool;
    std::optional<models::Engine> engine;
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

} // namespace

TEST_CASE("a series has score, expectation and shares of each sample", "[gateway][rest][models]") {
    Site site;
    const auto answer = site.get("level/series?device=press&from=now-200s&points=10000");
    std::string names;
    for (const auto& each : answer.at("columns").as_array())
        names += std::string(each.at("name").as_string()) + " ";
    CHECK(names ==
          "ts score threshold is_warm alarm signal value context value(v) low(v) high(v) "
          "share(v) ");
    const auto& rows = answer.at("rows").as_array();
    REQUIRE(rows.size() == 200); // 400 to 599; what was before has been learnt
    const auto& off = rows.at(30).as_array();
    CHECK(off.at(3).as_bool());
    CHECK(off.at(4).as_bool());
    CHECK(off.at(5).as_string() == "v");
    CHECK(off.at(8).to_number<double>() == 60.0);
    CHECK(off.at(10).to_number<double>() < 60.0);
    CHECK(off.at(11).to_number<double>() == 1.0);
    CHECK(site.get("level/series?device=press&points=20").at("rows").as_array().size() <= 20);
}

TEST_CASE("thresholds say how many alarms each would have raised", "[gateway][rest][models]") {
    Site site;
    const auto answer = site.get("level/thresholds?per_week=1e9");
    CHECK(answer.at("samples").as_int64() == 600);
    CHECK(answer.at("devices").as_int64() == 1);
    const auto& all = answer.at("thresholds").as_array();
    REQUIRE(all.size() == 20); // the model's own, 0.5, is one of them
    CHECK(all.at(9).at("alarms").as_int64() == 1);
    CHECK(all.back().at("alarms").as_int64() == 0);
    CHECK(answer.at("suggested").to_number<double>() == 0.05);
    CHECK_FALSE(site.get("level/thresholds").as_object().contains("suggested"));
    CHECK(site.get("level/thresholds?from=now-100s").at("samples").as_int64() == 100);
}

TEST_CASE("thresholds say what becomes of alarms that were labelled", "[gateway][rest][models]") {
    Site site;
    const auto label = [&](const char* occurrence, std::int64_t second, bool is_true) {
        alarms::Alarm alarm;
        alarm.source = "level";
        alarm.device = "press";
        alarm.occurrence = occurrence;
        alarm.raised_ms = kStartUs / 1'000 + 1'000 * second;
        site.alarms.label(alarms::label_of(alarm, {is_true, {second, 0, "anne", ""}}));
    };
    label("1", 420, true);
    label("2", 200, false);
    const auto labels = site.get("level/labels");
    REQUIRE(labels.as_array().size() == 2);
    CHECK(labels.at(0).at("device").as_string() == "press"); // the newest label first
    CHECK(labels.at(0).at("label").as_string() == "true");
    CHECK(labels.at(0).at("from").as_int64() == kStartUs / 1'000 + 420'000);
    CHECK(labels.at(0).at("to").is_null());
    CHECK(labels.at(0).at("by").as_string() == "anne");
    const auto answer = site.get("level/thresholds");
    CHECK(answer.at("labelled_true").as_int64() == 1);
    CHECK(answer.at("labelled_false").as_int64() == 1);
    const auto& own = answer.at("thresholds").at(9);
    CHECK(own.at("kept_true").as_int64() == 1);
    CHECK(own.at("spared_false").as_int64() == 1);
    CHECK(own.at("alarms_true").as_int64() == 1);
    CHECK(answer.at("thresholds").at(19).at("kept_true").as_int64() == 0);
    const auto missing = site.client->get("/api/v1/models/none/labels");
    CHECK(missing.status == 404);
}

TEST_CASE("what is asked wrongly of a replay is named", "[gateway][rest][models]") {
    Site site;
    const auto refused = [&](const std::string& target, unsigned status, const char* why) {
        CAPTURE(target);
        const auto answer = site.client->get("/api/v1/models/" + target);
        CHECK(answer.status == status);
        CHECK_THAT(answer.body, Contains(why));
    };
    refused("none/series?device=press", 404, "there is no model 'none'");
    refused("level/series", 400, "device: is missing");
    refused("level/series?device=lift", 404, "'lift'");
    refused("level/series?device=press&points=1", 400, "points");
    refused("level/series?device=press&learn=long", 400, "learn");
    refused("level/series?device=press&from=now&to=now-1h", 400, "from is after to");
    refused("level/thresholds?device=lift", 404, "'lift'");
    refused("level/thresholds?per_week=-1", 400, "per_week");
    refused("level/thresholds?per_week=two", 400, "per_week");
}
