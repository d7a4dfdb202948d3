// Goal: `holdfast rule test` shows what a rule makes of events, and names the place of each
// mistake. Method: the program itself on files in a temporary directory.
#include "app/server_process.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

const char* const kRule =
    "CREATE RULE hot AS\nSELECT device, temp FROM 'car/+/obd' WHERE temp > 5\n"
    "ALARM 'hot' PER device SEVERITY 'major' RAISE WHEN temp > 50 CLEAR WHEN temp < 40\n"
    "THEN PUBLISH 'seen/${device}'";
const char* const kEvents =
    R"({"topic":"car/1/obd","client":"1","payload":{"temp":60},"ts":1700000000000}
{"topic":"car/1/obd","client":"1","payload":{"temp":3},"ts":1700000001000}

{"topic":"car/1/obd","client":"1","payload":{"temp":30},"ts":1700000002000}
{"topic":"boat/1/obd","payload":{"temp":99},"ts":1700000002000}
)";

struct Files {
    TempDir directory;
    std::string rule = (directory.path() / "hot.sql").string();
    std::string events = (directory.path() / "events.ndjson").string();

    explicit Files(const std::string& sql = kRule, const std::string& lines = kEvents) {
        write_file(rule, sql);
        write_file(events, lines);
    }
    [[nodiscard]] Outcome run(const std::string& format = "text") const {
        return run_holdfast({"rule", "test", rule, "--events", events, "--format", format});
    }
};

void check_refused(const Outcome& outcome, const std::string& place) {
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output == "");
    CHECK_THAT(outcome.errors, StartsWith(place));
    CHECK(outcome.errors.size() > place.size() + 5); // a reason follows
}

} // namespace

TEST_CASE("a rule is run over events without a server", "[app][rule]") {
    const Files files;
    const auto outcome = run_holdfast({"rule", "test", files.rule, "--events", files.events});
    CHECK(outcome.errors == "");
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(
        outcome.output,
        StartsWith(
            "row      {\"device\":\"1\",\"temp\":60}\nrow      {\"device\":\"1\",\"temp\":30}\n"
            "message  topic seen/1: ") &&
            Contains("alarm    2023-11-14T22:13:20.000Z raised major 'hot' 1 {") &&
            Contains("alarm    2023-11-14T22:13:22.000Z cleared major 'hot' 1 {") &&
            Contains("\n3 events read, 2 rows, 2 messages, 1 alarms raised, 1 cleared, 0 late"));
    CHECK(files.run().output == outcome.output);
}

TEST_CASE("a dry run gives the lines that programs read", "[app][rule]") {
    const auto outcome = Files().run("ndjson");
    CHECK(outcome.exit_code == 0);
    CHECK_THAT(outcome.output, StartsWith("{\"row\":{\"device\":\"1\",\"temp\":60}}\n") &&
                                   Contains("\n{\"message\":{\"topic\":\"seen/1\"") &&
                                   Contains("\n{\"alarm\":{\"id\":") &&
                                   Contains("\n{\"counts\":{\"records_in\":3,\"rows_out\":2,"));
}

TEST_CASE("mistakes in rule, events and arguments name their place", "[app][rule]") {
    const Files bad_sql("CREATE RULE hot AS\nSELECT temp FROM WHERE temp > 5");
    check_refused(bad_sql.run(), bad_sql.rule + ":2:18: ");
    const Files unserved("CREATE RULE hot AS SELECT temp FROM 'a' GROUP BY device, HOP(1s, 2s)");
    check_refused(unserved.run(), unserved.rule + ":1:");
    const Files empty("");
    check_refused(empty.run(), empty.rule + ":1:1: ");
    const Files bad_events(kRule, std::string(kEvents) + "{\"topic\":\"a/#\"}\n");
    check_refused(bad_events.run(), bad_events.events + ":6: ");

    const Files files;
    check_refused(run_holdfast({"rule", "test", files.rule + "x", "--events", files.events}),
                  files.rule + "x: No such file");
    check_refused(run_holdfast({"rule", "test", files.rule, "--events", files.events + "x"}),
                  files.events + "x: No such file");
    check_refused(
        run_holdfast({"rule", "test", files.directory.path().string(), "--events", files.events}),
        files.directory.path().string() + ": ");
    CHECK(files.run("xml").exit_code != 0);
    CHECK(run_holdfast({"rule"}).exit_code != 0);
    CHECK(run_holdfast({"rule", "test", files.rule}).exit_code != 0);
}
