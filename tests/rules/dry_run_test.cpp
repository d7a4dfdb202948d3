// Goal: what a rule makes of events, by the evaluator that also runs live: windows on event time,
// late records, alarms with FOR and hysteresis, outputs, poison; the same whatever the batches.
#include <holdfast/rules/dry_run.hpp>
#include <holdfast/sql/expression.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace holdfast;
using rules::DryRunResult;

namespace {

// "t:device:temp ..." -> events on car/<device>/obd at second t.
std::vector<rules::Event> temps(
    const std::vector<std::tuple<int, std::string, std::string>>& rows) {
    std::string ndjson;
    for (const auto& [second, device, temp] : rows)
        ndjson += fmt::format(
            R"({{"topic":"car/{0}/obd","client":"{0}","payload":{{"temp":{1}}},"ts":{2}}})"
            "\n",
            device, temp, 1'700'000'000 + second);
    return rules::parse_events(ndjson).value();
}

DryRunResult run(const std::string& sql, const std::vector<rules::Event>& events,
                 bool close = true) {
    auto result = rules::dry_run(sql, events, close);
    INFO((result ? std::string() : result.error().context));
    REQUIRE(result);
    return std::move(result).value();
}

} // namespace

TEST_CASE("windows close by event time, devices in order", "[rules]") {
    const auto result = run(
        "CREATE RULE r AS SELECT device, avg(temp) AS t, count(*) AS n, window_start AS w "
        "FROM 'car/+/obd' GROUP BY device, TUMBLE(10s) HAVING n > 1 THEN PUBLISH 'avg/${device}'",
        temps({{0, "b", "10"},
               {1, "a", "1"},
               {5, "a", "2"},
               {9, "b", "20"},
               {12, "a", "5"},
               {3, "a", "99"},
               {25, "a", "7"},
               {26, "a", "\"x\""}}));
    CHECK(result.rows == std::vector<std::string>{
                             R"({"device":"a","t":1.5,"n":2,"w":"2023-11-14T22:13:20.000Z"})",
                             R"({"device":"b","t":15.0,"n":2,"w":"2023-11-14T22:13:20.000Z"})",
                             R"({"device":"a","t":7.0,"n":2,"w":"2023-11-14T22:13:40.000Z"})"});
    REQUIRE(result.messages.size() == 3);
    CHECK(result.messages[0].topic == "avg/a");
    CHECK(result.messages[0].device == "a");
    CHECK(result.messages[0].event_ms == 1'700'000'010'000);
    CHECK(result.counts.late == 1);
    CHECK(result.counts.mismatches == 1);
    CHECK(result.counts.records_in == 8);
}

TEST_CASE("a watermark keeps windows open for jitter and late records can be kept", "[rules]") {
    const auto events =
        temps({{0, "a", "1"}, {12, "a", "2"}, {9, "a", "3"}, {16, "a", "4"}, {8, "a", "5"}});
    const auto result =
        run("CREATE RULE r AS SELECT sum(temp) AS s FROM 'car/#' WATERMARK 5s "
            "LATE TO 'late/t' GROUP BY device, TUMBLE(10s)",
            events);
    CHECK(result.rows == std::vector<std::string>{R"({"s":4})", R"({"s":6})"});
    REQUIRE(result.messages.size() == 1);
    CHECK(result.messages[0].topic == "late/t");
    CHECK(result.messages[0].payload == R"({"temp":5})");
    CHECK(run("CREATE RULE r AS SELECT sum(temp) AS s FROM 'car/#' WATERMARK 5s "
              "GROUP BY device, TUMBLE(10s)",
              events, false)
              .rows.size() == 1);
}

TEST_CASE("an alarm has hysteresis and waits FOR", "[rules]") {
    const auto result =
        run("CREATE RULE r AS SELECT device, temp FROM 'car/+/obd' ALARM 'hot' PER device "
            "SEVERITY CASE WHEN temp > 120 THEN 'critical' ELSE 'warning' END "
            "RAISE WHEN temp > 110 FOR 10s CLEAR WHEN temp < 100",
            temps({{0, "a", "115"},
                   {4, "a", "105"},
                   {5, "a", "112"},
                   {9, "b", "111"},
                   {10, "a", "125"},
                   {15, "a", "113"},
                   {16, "a", "105"},
                   {30, "c", "1"},
                   {31, "a", "99"},
                   {32, "a", "99"}}));
    REQUIRE(result.changes.size() == 3);
    CHECK(result.changes[0].key == "a");
    CHECK(result.changes[0].raised_ms == 1'700'000'015'000);
    CHECK(result.changes[0].severity == alarms::Severity::minor); // warning
    CHECK(result.changes[0].details_json == R"({"device":"a","temp":113})");
    CHECK(result.changes[1].key == "b"); // by the watermark that c moved
    CHECK(result.changes[1].raised_ms == 1'700'000'019'000);
    CHECK(result.changes[2].state == alarms::AlarmState::cleared);
    CHECK(result.changes[2].cleared_ms == 1'700'000'031'000);
    CHECK(result.counts.alarms_raised == 2);
    CHECK(result.counts.alarms_cleared == 1);
}

TEST_CASE("an alarm over windows", "[rules]") {
    const auto result = run(
        "CREATE RULE heat AS SELECT device, avg(temp) AS t FROM 'car/+/obd' "
        "GROUP BY device, TUMBLE(10s) ALARM 'overheat' PER device "
        "SEVERITY 'critical' RAISE WHEN t > 110 CLEAR WHEN t < 100 FOR 10s",
        temps(
            {{0, "a", "120"}, {11, "a", "90"}, {21, "a", "95"}, {31, "a", "98"}, {41, "a", "98"}}));
    REQUIRE(result.changes.size() == 2);
    CHECK(result.changes[0].raised_ms == 1'700'000'010'000);
    CHECK(result.changes[1].cleared_ms == 1'700'000'030'000);
}

TEST_CASE("rows without a window pass WHERE and keep their types", "[rules]") {
    const auto events =
        rules::parse_events(R"({"topic":"t/1/data","payload":{"temp":40,"n":9007199254740993}}
{"topic":"t/2/data","payload":{"temp":20}}

{"topic":"t/3/data","payload":"broken {","device":"x"}
{"topic":"t/3/data","payload":"{broken","device":"x"}
{"topic":"u/3/data","payload":{"temp":99}}
{"topic":"t/4/data","payload":{"temp":null}}
{"topic":"t/5+#/data","payload":"{\"temp\":50}"})");
    CHECK(events.error().context.find("line 8") != std::string::npos);
    auto good = rules::parse_events(
        R"({"topic":"t/1/data","client":"1","payload":{"temp":40,"n":9007199254740993}}
{"topic":"t/3/data","payload":"{broken","device":"x"}
{"topic":"u/3/data","payload":{"temp":99}}
{"topic":"t/5/data","device":"5","client":"gate","payload":"{\"temp\":50,\"n\":\"+#\"}"}
{"topic":"t/6/data","payload":{"temp":50}})");
    const auto result =
        run("CREATE RULE hot AS SELECT device, temp*1.8+32 AS f, n FROM 't/+/data' "
            "WHERE temp > 30 THEN PUBLISH 'hot/${device}/${n}' QOS 1 "
            "THEN APPEND hot_cars",
            good.value());
    CHECK(result.rows ==
          std::vector<std::string>{R"({"device":"1","f":104.0,"n":9007199254740993})",
                                   R"({"device":"5","f":122.0,"n":"+#"})",
                                   R"({"device":null,"f":122.0,"n":null})"});
    REQUIRE(result.messages.size() == 5);
    CHECK(result.messages[0].topic == "hot/1/9007199254740993");
    CHECK(result.messages[1].stream == "hot_cars");
    CHECK(result.messages[2].topic == "hot/5/__");
    CHECK(result.messages[4].stream == "hot_cars");
    CHECK(result.counts.errors == 2); // the damaged payload, the topic with a NULL
    CHECK(result.counts.records_in == 4);
}

TEST_CASE("the same events give the same outputs however they are cut", "[rules]") {
    std::vector<std::tuple<int, std::string, std::string>> rows;
    for (int i = 0; i < 3000; ++i)
        rows.emplace_back(i / 7 - (i % 5), std::string(1, static_cast<char>('a' + i % 3)),
                          std::to_string((i * 37) % 140) + (i % 2 == 0 ? "" : ".5"));
    const std::string sql =
        "CREATE RULE r AS SELECT device, avg(temp) AS t, stddev(temp) AS s FROM 'car/+/obd' "
        "WATERMARK 2s GROUP BY device, TUMBLE(10s) ALARM 'x' PER device RAISE WHEN t > 60 "
        "CLEAR WHEN t < 60";
    const auto whole = run(sql, temps(rows));
    CHECK(whole.counts.late > 0);
    CHECK(whole.rows.size() > 100);
    // events of another topic move the cuts, but not the results
    std::vector<rules::Event> shifted = temps(rows);
    shifted.insert(shifted.begin(), {"car/z/obd/other", "{}", 1, "z", 1});
    const auto moved = run(sql, shifted);
    CHECK(moved.rows == whole.rows);
    CHECK(moved.changes == whole.changes);
}

TEST_CASE("events that are none are refused with their line", "[rules]") {
    const auto text = GENERATE(as<std::string>(), "{", "{\"payload\":1}", "{\"topic\":\"a/#\"}",
                               R"({"topic":"a","ts":"soon"})", "[]");
    CHECK(rules::parse_events("\n" + text).error().context.starts_with("events, line 2: "));
}

TEST_CASE("a dry run prints one JSON object a line", "[rules]") {
    const auto result =
        run("CREATE RULE r AS SELECT temp FROM 'car/+/obd' ALARM 'hot' PER device "
            "RAISE WHEN temp > 1 CLEAR WHEN temp < 1 THEN APPEND o",
            temps({{0, "a", "2"}}));
    const std::string text = rules::to_ndjson(result);
    CHECK(text.starts_with(
        "{\"row\":{\"temp\":2}}\n{\"message\":{\"stream\":\"o\",\"device\":\"a\""));
    CHECK(text.find("\n{\"alarm\":{\"id\":") != std::string::npos);
    CHECK(text.find("\n{\"counts\":{\"records_in\":1,") != std::string::npos);
    CHECK(rules::dry_run("nonsense", {}).error().code == Errc::malformed);
}

TEST_CASE("a dry run ends in the middle of an expression once its time is over", "[rules]") {
    class Due final : public sql::Interrupt {
    public:
        bool is_due() const override { return ++asked > 1; }
        mutable int asked = 0;
    };
    // Each of a million places fits for thirty thousand letters: minutes, to the end.
    const std::string text(1'000'000, 'a');
    const auto events =
        rules::parse_events(R"({"topic":"a/1","payload":{"v":")" + text + "\"}}\n").value();
    const std::string sql =
        "CREATE RULE r AS SELECT v LIKE '%" + std::string(30'000, 'a') + "_b%' AS x FROM 'a/+'";
    const Due due;
    const auto result = rules::dry_run(sql, events, true, &due);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::limit_exceeded);
    CHECK(result.error().context == "the rule takes too long: it was ended after 1 of 1 events");
    CHECK(due.asked >= 2);
}
