// Goal: devices' clocks differ, and one that is wrong harms its own device alone; a silent device
// closes its last window. Method: dry runs on made-up clocks, and an engine whose ticks the test
// asks for.
#include "rules/rule_site.hpp"

#include <holdfast/rules/dry_run.hpp>
#include <holdfast/rules/keyspace.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <map>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::int64_t kStartMs = RuleSite::kStartMs;

// A record of `device` that arrives at second `at` and says that it is `ahead` seconds later.
rules::Event event(int at, const std::string& device, int ahead = 0, int temp = 1) {
    rules::Event made;
    made.topic = "car/" + device + "/obd";
    made.device = device;
    made.payload = fmt::format(R"({{"temp":{}}})", temp);
    made.arrival_ms = kStartMs + at * 1000LL;
    made.ts_ms = made.arrival_ms + ahead * 1000LL;
    return made;
}

rules::DryRunResult run(const std::string& sql, const std::vector<rules::Event>& events) {
    auto result = rules::dry_run(sql, events, false);
    INFO((result ? std::string() : result.error().context));
    REQUIRE(result);
    return std::move(result).value();
}

std::size_t rows_of(const rules::DryRunResult& result, const std::string& device) {
    std::size_t count = 0;
    for (const std::string& row : result.rows)
        if (row.find("\"device\":\"" + device + "\"") != std::string::npos) ++count;
    return count;
}

const char* const kCount =
    "CREATE RULE r AS SELECT device, count(*) AS n FROM 'car/+/obd' GROUP BY device, TUMBLE(10s)";

} // namespace

TEST_CASE("a device whose clock is ahead or behind makes no other one's records late", "[rules]") {
    std::vector<rules::Event> events;
    for (int at = 0; at <= 300; at += 2) {
        events.push_back(event(at, "ahead", 300));
        events.push_back(event(at, "behind", -120));
        events.push_back(event(at, "right"));
    }
    const auto result = run(kCount, events);
    CHECK(result.counts.late == 0);
    for (const std::string device : {"ahead", "behind", "right"})
        CHECK(rows_of(result, device) == 30);
}

TEST_CASE("a device two minutes behind raises its alarm", "[rules]") {
    std::vector<rules::Event> events;
    for (int at = 0; at < 60; ++at) {
        events.push_back(event(at, "right"));
        events.push_back(event(at, "behind", -120, 200));
    }
    const auto result =
        run("CREATE RULE r AS SELECT device, max(temp) AS t FROM 'car/+/obd' GROUP BY device, "
            "TUMBLE(10s) ALARM 'hot' PER device RAISE WHEN t > 100 CLEAR WHEN t < 100",
            events);
    REQUIRE(result.changes.size() == 1);
    CHECK(result.changes[0].key == "behind");
}

TEST_CASE("a device that is silent for five seconds goes on with arrival time", "[rules]") {
    // Its own clock is far behind: what counts is how long nothing came, not what time it is.
    std::vector<rules::Event> events{event(0, "a", -1000), event(3, "a", -1000)};
    for (int at = 4; at <= 14; ++at) events.push_back(event(at, "b"));
    CHECK(rows_of(run(kCount, events), "a") == 0); // 3 s and 11 s less 5 s: 9 s
    events.push_back(event(15, "b"));
    CHECK(rows_of(run(kCount, events), "a") == 1);
    // records that are not of the rule's source tell the time, too
    events.back().topic = "car/b/other/topic";
    CHECK(rows_of(run(kCount, events), "a") == 1);
    // what comes after that is late
    events.push_back(event(16, "a", -1010));
    CHECK(run(kCount, events).counts.late == 1);
}

TEST_CASE("a clock that was set back begins anew with the third record", "[rules]") {
    std::vector<rules::Event> events{event(0, "a", 3500), event(1, "a", 3500)};
    for (int at = 2; at < 25; ++at) events.push_back(event(at, "a"));
    const auto result = run(kCount, events);
    CHECK(result.counts.clock_back == 1);
    CHECK(result.counts.late == 2);
    // what the wrong time had open, then the right times
    CHECK(result.rows == std::vector<std::string>{R"({"device":"a","n":2})",
                                                  R"({"device":"a","n":6})",
                                                  R"({"device":"a","n":10})"});
    // ten minutes are no new clock, and one that comes and goes is none
    std::vector<rules::Event> jitter;
    for (int at = 0; at < 30; ++at) jitter.push_back(event(at, "a", at % 3 == 0 ? 0 : -700));
    CHECK(run(kCount, jitter).counts.clock_back == 0);
}

TEST_CASE("one record that says a wrong arrival time makes nobody late", "[rules]") {
    const int wrong = GENERATE(86'400 * 365, 7200, -86'400);
    CAPTURE(wrong);
    std::vector<rules::Event> events;
    for (int at = 0; at < 100; at += 2) {
        events.push_back(event(at, "a"));
        events.push_back(event(at, "b"));
        if (at % 20 != 10) continue;
        events.push_back(event(at + wrong, "stranger"));
        events.back().ts_ms = kStartMs;
    }
    const auto result = run(kCount, events);
    CHECK(rows_of(result, "a") == 9);
    CHECK(rows_of(result, "b") == 9);
    CHECK(result.counts.late <= 1);
    CHECK(result.counts.clock_back == 0);
}

TEST_CASE("a tick puts right an arrival time that was told wrong", "[rules]") {
    RuleSite site;
    REQUIRE(site.engine->create(
        "CREATE RULE w AS SELECT device, sum(temp) AS s FROM cars GROUP BY device, TUMBLE(10s) "
        "THEN APPEND out"));
    site.at.clock = ManualClock(kStartMs);
    site.send("a", 2, "60", 86'400); // the first record, a day ahead
    REQUIRE(site.has_caught_up("w"));
    for (int second = 0; second < 30; ++second) {
        site.at.clock.advance_ms(1000);
        site.engine->write_ticks();
        REQUIRE(site.has_caught_up("w"));
    }
    CHECK(eventually([&] { return site.stored("out").size() == 1; }));
    CHECK(site.stored("cars").size() <= 4);
}

TEST_CASE("FOR is over by the clock of the device whose row began it", "[rules]") {
    const auto sql =
        "CREATE RULE r AS SELECT device, temp FROM 'car/+/obd' ALARM 'hot' PER device "
        "RAISE WHEN temp > 100 FOR 60s CLEAR WHEN temp < 100";
    std::vector<rules::Event> events{event(0, "a", 0, 200), event(1, "ahead", 3000)};
    for (int at = 2; at < 64; ++at) events.push_back(event(at, "ahead", 3000));
    CHECK(run(sql, events).changes.empty());
    events.push_back(event(65, "ahead", 3000)); // 65 s less 5 s
    const auto result = run(sql, events);
    REQUIRE(result.changes.size() == 1);
    CHECK(result.changes[0].key == "a");
    CHECK(result.changes[0].raised_ms == kStartMs + 60'000);
}

TEST_CASE("a device alone on its partition closes its last window by a tick", "[rules]") {
    RuleSite site;
    REQUIRE(site.engine->create(
        "CREATE RULE w AS SELECT device, sum(temp) AS s FROM cars GROUP BY device, TUMBLE(10s) "
        "THEN APPEND out"));
    site.at.clock = ManualClock(kStartMs);
    site.send("a", 2, "60");
    REQUIRE(site.has_caught_up("w"));
    const auto ticks = [&] { return site.stored("cars").size() - 1; };

    site.at.clock.advance_ms(14'999); // due at second 2 + 5 s + 8 s to the window's end
    site.engine->write_ticks();
    CHECK(ticks() == 0);
    site.at.clock.advance_ms(1);
    site.engine->write_ticks();
    REQUIRE(ticks() == 1);
    REQUIRE(eventually([&] { return site.stored("out").size() == 1; }));
    CHECK(site.stored("out")[0] == R"({"device":"a","s":60})");

    // nothing waits for time any more
    site.at.clock.advance_ms(60'000);
    site.engine->write_ticks();
    CHECK(ticks() == 1);
    // the rule took the tick for no record
    CHECK(site.records_in("w") == 1);
    CHECK(site.engine->find("w")->counts.errors == 0);
}

TEST_CASE("ticks of a partition are five seconds apart, and one is read before the next",
          "[rules]") {
    RuleSite site;
    REQUIRE(site.engine->create(
        "CREATE RULE w AS SELECT device, sum(temp) AS s FROM cars GROUP BY device, TUMBLE(1s) "
        "THEN APPEND out"));
    site.at.clock = ManualClock(kStartMs);
    for (int device = 0; device < 8; ++device)
        site.send(std::to_string(device), device, "1"); // due one second after another
    REQUIRE(site.has_caught_up("w"));
    for (int second = 0; second < 40; ++second) {
        site.at.clock.advance_ms(1000);
        site.engine->write_ticks();
        REQUIRE(site.has_caught_up("w"));
    }
    CHECK(eventually([&] { return site.stored("out").size() == 8; }));
    CHECK(site.stored("cars").size() - 8 == 2);
}

TEST_CASE("a live rule that is restarted gives what a dry run gives", "[rules]") {
    const std::string sql =
        "CREATE RULE w AS SELECT device, sum(temp) AS s, window_start AS w FROM 'car/+/obd' "
        "WATERMARK 3s GROUP BY device, TUMBLE(10s) ALARM 'hot' PER device RAISE WHEN s > 100 FOR "
        "15s "
        "CLEAR WHEN s < 50 FOR 10s THEN APPEND out";
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int bound) { return static_cast<int>(random() % unsigned(bound)); };
    // clocks of their own, which jump now and then; pauses in which devices fall silent
    std::map<std::string, int> ahead{{"a", 0}, {"b", 300}, {"c", -120}, {"d", 0}};
    std::vector<rules::Event> events;
    for (int at = 0; at < 1200; at += 1 + (below(30) == 0 ? 20 : 0)) {
        auto device = std::next(ahead.begin(), below(4));
        if (below(40) == 0) device->second = below(7000) - 3500;
        events.push_back(event(at, device->first, device->second - below(6), below(80)));
    }
    const auto expected = run(sql, events);
    CHECK(expected.counts.clock_back > 0);
    CHECK(expected.counts.late > 0);

    RuleSite site;
    REQUIRE(site.engine->create(sql));
    for (std::size_t i = 0; i < events.size(); ++i) {
        broker::OutMessage message;
        message.topic = events[i].topic;
        message.device = events[i].device;
        message.payload = events[i].payload;
        message.event_ms = events[i].ts_ms;
        site.append(message, events[i].arrival_ms);
        if (below(150) == 0) site.restart();
    }
    REQUIRE(site.has_caught_up("w"));
    REQUIRE(eventually([&] { return site.stored("out").size() >= expected.rows.size(); }));
    CHECK((site.stored("out") == expected.rows)); // too long to print
    std::vector<std::string> alarms;
    for (const auto& change : expected.changes) alarms.push_back(alarms::to_json(change));
    CHECK(alarms.size() > 2);
    REQUIRE(eventually([&] { return site.stored("alarms").size() >= alarms.size(); }));
    CHECK(site.stored("alarms") == alarms);
}

TEST_CASE("a step that emits stores the pages that changed, not the whole state", "[rules]") {
    RuleSite site(rules::EngineSettings{});
    REQUIRE(site.engine->create(
        "CREATE RULE w AS SELECT device, sum(temp) AS s FROM cars GROUP BY device, TUMBLE(10s) "
        "THEN APPEND out"));
    for (int device = 0; device < 1000; ++device) site.send(std::to_string(device), 1, "1");
    site.send("7", 12, "1", -10); // closes one window, before the others are due
    REQUIRE(eventually([&] { return site.stored("out").size() == 1; }));
    const auto after_all = site.state_keys(rules::kKeyspace, "state/").size();
    CHECK(after_all == 1 + 4); // a head, and 256 devices a page
    REQUIRE(site.has_caught_up("w"));
    site.send("7", 23, "1", -20);
    REQUIRE(eventually([&] { return site.stored("out").size() == 2; }));
    CHECK(site.publisher->last_state_changes() == 2); // a head and a page
}

TEST_CASE("devices that were silent longest are forgotten where there is no room", "[rules]") {
    RuleSite site(rules::EngineSettings{.groups_max = 32, .checkpoint_records = 5});
    REQUIRE(site.engine->create(
        "CREATE RULE w AS SELECT device, sum(temp) AS s FROM cars GROUP BY device, TUMBLE(1s) "
        "THEN APPEND out"));
    constexpr int kDevices = 500;
    for (int device = 0; device < kDevices; ++device) {
        site.send(fmt::format("{:03}", device), device, "1");
        if (device == kDevices / 2) site.restart();
    }
    REQUIRE(site.has_caught_up("w"));
    CHECK(site.engine->find("w")->counts.errors == 0);
    site.restart();
    CHECK(site.stored("out").size() >= kDevices - 8); // the last are open
    CHECK(site.state_keys(rules::kKeyspace, "state/").size() <= 2);
}
