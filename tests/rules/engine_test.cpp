// Goal: the engine on a real log: rules start at the end, survive restarts, and after a crash at
// any point outputs, alarms and windows are as if there had been none. Method: a publisher that
// appends to the log and can die before or after its last append.
#include "log/log_fixture.hpp"
#include "rules/log_publisher.hpp"

#include <holdfast/rules/engine.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::yield();
    }
    return true;
}

// A server's worth of modules around one engine, which can be killed and started again.
struct Site {
    LogFixture at;
    std::unique_ptr<log::ConsumerPool> pool;
    std::unique_ptr<LogPublisher> publisher;
    std::unique_ptr<alarms::Registry> alarms;
    std::unique_ptr<rules::Engine> engine;

    Site() {
        at.make_stream("cars");
        at.make_stream("out");
        at.make_stream("alarms");
        start();
    }
    ~Site() { end(); }
    void start() {
        pool = std::make_unique<log::ConsumerPool>(*at.log, 2);
        publisher = std::make_unique<LogPublisher>(*at.log, "cars");
        alarms = std::make_unique<alarms::Registry>();
        REQUIRE(alarms->load(*at.log));
        engine = std::make_unique<rules::Engine>(
            rules::EngineSettings{.checkpoint_records = 5},
            rules::Engine::Parts{
                *at.log, *pool, *publisher, *alarms, at.clock, at.metrics,
                [](std::string_view) { return std::vector<std::string>{"cars"}; }});
        REQUIRE(engine->start());
    }
    void end() {
        engine.reset();
        pool.reset();
    }
    void restart() {
        end();
        at.reopen();
        start();
    }

    void send(const std::string& device, int second, const std::string& temp) {
        record::BatchBuilder builder;
        broker::OutMessage message;
        message.topic = "car/" + device + "/obd";
        message.device = device;
        message.payload = fmt::format(R"({{"temp":{}}})", temp);
        message.event_ms = 1'700'000'000'000 + second * 1000;
        LogPublisher::encode(builder, message, *message.event_ms);
        WaitedGroup group;
        group.appends.push_back({{at.log->find_stream("cars")->id, 0}, builder.finish(), 1});
        at.log->append(group);
        REQUIRE(group.wait());
    }
    [[nodiscard]] std::vector<std::string> stored(const std::string& stream) const {
        std::vector<std::string> values;
        const auto found = at.log->find_stream(stream);
        for (PartitionIndex index = 0; index < found->settings.partitions; ++index) {
            auto all = read_all(*at.log, {found->id, index}).value();
            for (auto& each : all) values.push_back(std::move(each.value));
        }
        return values;
    }
    [[nodiscard]] std::uint64_t records_in(const std::string& rule) const {
        return engine->find(rule)->counts.records_in;
    }
};

const char* const kWindows =
    "CREATE RULE w AS SELECT device, sum(temp) AS s FROM cars GROUP BY device, TUMBLE(10s) "
    "ALARM 'hot' PER device RAISE WHEN s > 100 CLEAR WHEN s < 50 THEN APPEND out";

} // namespace

TEST_CASE("a rule starts at the end, emits into the log, and is listed", "[rules]") {
    Site site;
    site.send("a", 0, "1000");
    const auto made = site.engine->create(kWindows);
    REQUIRE(made);
    CHECK(made.value().status == rules::RuleStatus::running);
    site.send("a", 1, "60");
    site.send("a", 2, "50");
    site.send("a", 12, "1");
    site.send("a", 25, "1");
    REQUIRE(eventually([&] { return site.alarms->totals().cleared == 1; }));
    CHECK(site.stored("out") ==
          std::vector<std::string>{R"({"device":"a","s":110})", R"({"device":"a","s":1})"});
    REQUIRE(site.stored("alarms").size() == 2);
    CHECK(site.stored("alarms")[0].find(R"("state":"active")") != std::string::npos);
    CHECK(site.engine->list().size() == 1);
    CHECK(eventually([&] { return site.engine->find("w")->lag == 0; }));
    CHECK(site.at.metrics.render().find("holdfast_rule_records_in_total{rule=\"w\"} 4") !=
          std::string::npos);
    CHECK(site.engine->find("w")->counts.alarms_raised == 1);
    CHECK(site.engine->create(kWindows).error().code == Errc::already_exists);
    CHECK(site.engine->create("CREATE RULE x AS SELECT 1 FROM nowhere").error().code ==
          Errc::not_found);
    CHECK(site.engine->create("CREATE RULE x AS SELECT 1 FROM 'a/#/b'").error().code ==
          Errc::malformed);
    REQUIRE(site.engine->remove("w"));
    CHECK_FALSE(site.engine->find("w"));
    CHECK(site.engine->remove("w").error().code == Errc::not_found);
    site.restart();
    CHECK(site.engine->list().empty());
}

TEST_CASE("a crash at any publish loses and repeats nothing", "[rules]") {
    const auto feed = [](Site& site, int from, int to) {
        for (int i = from; i < to; ++i)
            site.send(i % 2 == 0 ? "a" : "b", i * 3, std::to_string(i * 41 % 120));
    };
    Site calm;
    REQUIRE(calm.engine->create(kWindows));
    feed(calm, 0, 30);
    REQUIRE(eventually([&] { return calm.records_in("w") == 30; }));
    calm.restart(); // after the last step was stored
    const auto out = calm.stored("out");
    const auto alarms_out = calm.stored("alarms");
    REQUIRE(out.size() > 10);
    REQUIRE(alarms_out.size() > 2);

    const bool last_is_stored = GENERATE(false, true);
    const int crash_at = GENERATE(range(0, 6));
    CAPTURE(last_is_stored, crash_at);
    Site site;
    REQUIRE(site.engine->create(kWindows));
    site.publisher->crash_after(crash_at, last_is_stored);
    feed(site, 0, 20);
    REQUIRE(
        eventually([&] { return site.publisher->has_crashed() || site.records_in("w") == 20; }));
    site.restart();
    feed(site, 20, 30);
    REQUIRE(eventually([&] { return site.stored("out").size() >= out.size(); }));
    site.restart();
    CHECK(site.stored("out") == out);
    CHECK(site.stored("alarms") == alarms_out);
    CHECK(site.alarms->active_count() == calm.alarms->active_count());
}

TEST_CASE("a paused rule goes on where it stood", "[rules]") {
    Site site;
    REQUIRE(site.engine->create(kWindows));
    site.send("a", 1, "7");
    REQUIRE(eventually([&] { return site.records_in("w") == 1; }));
    REQUIRE(site.engine->pause("w"));
    site.send("a", 2, "8");
    site.restart();
    CHECK(site.engine->find("w")->status == rules::RuleStatus::paused);
    REQUIRE(site.engine->resume("w"));
    site.send("a", 12, "1");
    REQUIRE(eventually([&] { return site.stored("out").size() == 1; }));
    CHECK(site.stored("out")[0] == R"({"device":"a","s":15})");
    CHECK(site.engine->pause("x").error().code == Errc::not_found);
}

TEST_CASE("rules of a file are created once and replaced when they change", "[rules]") {
    Site site;
    const std::string first = "CREATE RULE a AS SELECT temp FROM 'car/+/obd' THEN APPEND out;\n";
    REQUIRE(site.engine->load_file(first + kWindows, "demo.sql"));
    const auto created = site.engine->find("a")->created_ms;
    site.at.clock.advance_ms(5);
    REQUIRE(site.engine->load_file(first, "demo.sql"));
    CHECK(site.engine->find("a")->created_ms == created);
    REQUIRE(site.engine->load_file(
        "CREATE RULE a AS SELECT temp + 1 AS t FROM 'car/+/obd' THEN APPEND out", "demo.sql"));
    CHECK(site.engine->find("a")->created_ms == created + 5);
    site.send("a", 0, "1");
    REQUIRE(eventually([&] { return !site.stored("out").empty(); }));
    CHECK(site.stored("out")[0] == R"({"t":2})");
    CHECK(site.engine->load_file("CREATE RULE", "x.sql").error().context ==
          "x.sql: line 1, column 12: a rule name is expected, not the end");
}

TEST_CASE("rules do not run in circles", "[rules]") {
    Site site;
    REQUIRE(site.engine->create(
        "CREATE RULE own AS SELECT temp FROM 'car/#' THEN PUBLISH 'car/echo/own'"));
    REQUIRE(site.engine->create(
        "CREATE RULE ring AS SELECT temp FROM 'car/#' THEN PUBLISH 'car/echo/ring'"));
    site.send("a", 0, "1");
    // own and ring answer each other until 8 hops: 1 + 2 * 8 records
    REQUIRE(eventually([&] { return site.stored("cars").size() >= 17; }));
    REQUIRE(eventually([&] { return site.records_in("own") + site.records_in("ring") == 16; }));
    site.restart();
    CHECK(site.stored("cars").size() == 17);
}

TEST_CASE("poison is counted and skipped, and a lost output stream fails one rule alone",
          "[rules]") {
    Site site;
    REQUIRE(site.engine->create("CREATE RULE good AS SELECT temp FROM cars THEN APPEND out"));
    REQUIRE(site.engine->create("CREATE RULE bad AS SELECT temp FROM cars THEN APPEND gone"));
    REQUIRE(site.at.log->delete_stream("gone"));
    site.send("a", 0, "{");
    site.send("a", 1, "1");
    REQUIRE(
        eventually([&] { return site.engine->find("bad")->status == rules::RuleStatus::failed; }));
    REQUIRE(eventually([&] { return site.stored("out").size() == 1; }));
    const auto good = site.engine->find("good");
    CHECK(good->counts.errors == 1);
    CHECK(good->last_error == "offset 0: payload is damaged JSON");
    CHECK(site.engine->find("bad")->last_error.starts_with("outputs cannot be stored"));
    site.at.make_stream("gone");
    REQUIRE(site.engine->resume("bad"));
    REQUIRE(eventually([&] { return site.stored("gone").size() == 1; }));
}
