// Goal: whether rows are read from history, from the log or from both, an answer is the same, but
// for what docs/sql.md says. Method: messages that are generated as devices send them at their
// worst, told to a store in steps with seals and restarts in between; after each step what
// `telemetry` says is compared with `telemetry@log`, at the end `telemetry@history`, too.
#include "query/history_site.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

const Lines kQuestions{
    R"(SELECT ts, device, stream, n, temp, door.open, door.why, "odd ""name"".x" FROM telemetry)",
    "SELECT n, temp FROM telemetry WHERE device = 'd1' AND ts < '2024-10-01'",
    "SELECT n FROM telemetry WHERE ts >= '2024-09-20' AND ts < '2024-10-01' AND temp > 5",
    "SELECT device, count(temp), min(n), max(n), count(*) FROM telemetry GROUP BY device",
    "SELECT n, list FROM telemetry WHERE list IS NOT NULL",
    "SELECT n, list[1].x FROM telemetry",
    "SELECT n, door FROM telemetry",
    "SELECT count(*) FROM telemetry",
    "SELECT topic, partition, offset, n FROM telemetry",
};

} // namespace

TEST_CASE("a stream says the same from the log, and from history as far as it was told",
          "[query][history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 7));
    CAPTURE(seed);
    HistorySite site;
    MessyDevices devices(seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 12; ++round) {
        for (PartitionIndex index : {0U, 1U}) {
            std::vector<KeyedValue> records;
            for (std::size_t i = random() % 30; i > 0; --i)
                records.push_back(devices.next(index, false));
            if (!records.empty()) site.append(index, records);
            for (std::size_t steps = random() % 3; steps > 0; --steps) site.tell(index);
        }
        if (random() % 3 == 0) REQUIRE(site.history.store->seal_all());
        if (random() % 4 == 0) site.history.reopen();
        for (const std::string& question : kQuestions) {
            CAPTURE(round, question);
            CHECK(site.sorted(question, "telemetry") == site.sorted(question, "telemetry@log"));
        }
    }
    site.tell_all();
    for (const std::string& question : kQuestions) {
        CAPTURE(question);
        if (question.find("door FROM") != std::string::npos) continue; // its members are fields
        if (question.find("topic") != std::string::npos) continue;
        CHECK(site.sorted(question, "telemetry@history") == site.sorted(question, "telemetry@log"));
    }
}

TEST_CASE("what history is told while a query runs is neither twice in its answer nor missing",
          "[query][history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 5));
    CAPTURE(seed);
    HistorySite site;
    MessyDevices devices(seed);
    for (PartitionIndex index : {0U, 1U})
        for (int batch = 0; batch < 10; ++batch) {
            std::vector<KeyedValue> records;
            for (int i = 0; i < 20; ++i) records.push_back(devices.next(index, false));
            site.append(index, records);
            if (batch < 3) site.tell(index);
        }
    Collected found = site.ask("SELECT n, device FROM telemetry", {}, [&site] {
        site.tell(0, 500);
        site.tell(1, 500);
        REQUIRE(site.history.store->seal_all());
    });
    std::sort(found.lines.begin(), found.lines.end());
    CHECK(found.lines == site.sorted("SELECT n, device FROM telemetry", "telemetry@log"));
}

TEST_CASE("records that are identical in device, time and values are one row of history",
          "[query][history]") {
    const auto seed = GENERATE(range<std::uint64_t>(1, 5));
    CAPTURE(seed);
    HistorySite site;
    MessyDevices devices(seed);
    for (PartitionIndex index : {0U, 1U}) {
        std::vector<KeyedValue> records;
        for (int i = 0; i < 200; ++i) records.push_back(devices.next(index, true));
        site.append(index, records);
    }
    site.tell_all();
    const std::string all =
        R"(ts, device, n, temp, door.open, door.why, "odd ""name"".x", list FROM telemetry)";
    CHECK(site.sorted("SELECT " + all, "telemetry@history") ==
          site.sorted("SELECT DISTINCT " + all, "telemetry@log"));
    CHECK(site.sorted("SELECT " + all, "telemetry@log").size() == 400);
}

TEST_CASE("* of a history is time, device and the fields of all devices", "[query][history]") {
    HistorySite site;
    site.append(0, {{"a", R"({"ts": 1728000000, "temp": 1, "door": {"open": true}})"},
                    {"b", R"({"ts": 1728000001, "odd name": "x", "telemetry": 5})"},
                    {"b", "21.5"}});
    site.tell_all();
    const Collected all = site.ask("SELECT * FROM telemetry@history ORDER BY ts");
    CHECK(all.names ==
          Lines{"ts", "device", "temp", "door.open", "odd name", "telemetry", "value"});
    CHECK(all.lines == Lines{R"(["2024-10-04T00:00:00.000Z","a",1,true,null,null,null])",
                             R"(["2024-10-04T00:00:00.000Z","b",null,null,null,null,21.5])",
                             R"(["2024-10-04T00:00:01.000Z","b",null,null,"x",5,null])"});
    CHECK(site.rows("DESCRIBE telemetry@history").size() == 9);
    CHECK(site.rows("SELECT payload.ts, value FROM telemetry@history WHERE device = 'a'") ==
          Lines{"[1728000000,null]"});
}

TEST_CASE("a clock that is years ahead makes no rows in the future", "[query][history]") {
    HistorySite site;
    site.append(0, {{"a", R"({"ts": 4000000000, "v": 1})"},
                    {"a", R"({"ts": "2190-01-01", "v": 2})"},
                    {"a", R"({"ts": 1728000000, "v": 3})"}});
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    for (const char* of : {"telemetry@history", "telemetry@log", "telemetry"}) {
        const std::string sql = std::string("SELECT min(ts), max(ts), count(*) FROM ") + of;
        CHECK(site.rows(sql) ==
              Lines{R"(["2024-10-04T00:00:00.000Z","2024-10-04T00:00:00.000Z",3])"});
    }
    CHECK(site.log.metrics.counter("holdfast_history_times_implausible", "").value() == 2);
}

TEST_CASE("devices are a table", "[query][history]") {
    HistorySite site;
    site.append(0, {{"a", R"({"ts": 1728000000, "temp": 1})"}, {"b", R"({"ts": 1728000001})"}});
    site.append(1, {{"b", R"({"ts": 1728000002, "temp": 1, "x": null})"}});
    site.tell_all();
    CHECK(site.rows("SELECT * FROM devices ORDER BY device") ==
          Lines{R"(["a","telemetry","2024-10-04T00:00:00.000Z","2024-10-04T00:00:00.000Z",1,2])",
                R"(["b","telemetry","2024-10-04T00:00:01.000Z","2024-10-04T00:00:02.000Z",2,3])"});
}

TEST_CASE("what a history does not keep is refused by name", "[query][history]") {
    HistorySite site;
    const auto refused = [&](const std::string& sql, const std::string& why) {
        CAPTURE(sql);
        const Lines lines = site.rows(sql);
        REQUIRE(lines.size() == 1);
        CHECK_THAT(lines.front(), Catch::Contains(why));
    };
    refused("SELECT topic FROM telemetry@history",
            "line 1, column 8: a history does not keep 'topic' of a record, telemetry@log does");
    refused("SELECT topic_level(1) FROM telemetry@history", "does not keep 'topic_level");
    refused("SELECT v FROM telemetry@history EVENT TIME v", "a history has the event time");
    refused("SELECT v FROM telemtry@history", "did you mean 'telemetry'?");
    const auto nobody = [](query::SourceKind, std::string_view name) -> Result<void> {
        return fail(Errc::denied, "not " + std::string(name));
    };
    for (const char* sql : {"SELECT v FROM telemetry@history", "DESCRIBE telemetry@history",
                            "SELECT * FROM telemetry@history"})
        CHECK(site.ask(sql, nobody).lines == Lines{"error: not telemetry"});
    site.history.store.reset();
    refused("SELECT v FROM telemetry@history", "no history is kept here");
    CHECK(site.rows("SELECT v FROM telemetry").empty());
}

TEST_CASE("where something was over a bound of history a stream is read from the log",
          "[query][history]") {
    HistorySite site;
    site.history.options.bounds.fields_per_device = 2;
    site.history.reopen();
    site.append(0, {{"a", R"({"v": 1})"}, {"a", R"({"v": 2, "w": 3, "x": 4})"}});
    site.tell_all();
    CHECK(site.sorted("SELECT v FROM telemetry", "telemetry") == Lines{"[1]", "[2]"});
    CHECK(site.rows("SELECT v FROM telemetry@history") == Lines{"[1]"});
}

TEST_CASE("a query of a history keeps to its memory and names the device", "[query][history]") {
    HistorySite site;
    site.history.options.scan_bytes_max = 500; // less than a chunk of 16 rows
    site.history.reopen();
    std::vector<KeyedValue> records;
    for (int i = 0; i < 96; ++i)
        records.push_back({"a", fmt::format(R"({{"ts": {}, "n": {}}})", 1'728'000'000 - i, i)});
    site.append(0, records);
    site.tell_all();
    REQUIRE(site.history.store->seal_all());
    const Lines lines = site.rows("SELECT n FROM telemetry@history");
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines.front(), Catch::Contains("history of 'a'") && Catch::Contains("to merge"));
}
