// Goal: the engine on a real log: rules start at the end, survive restarts, and after a crash at
// any point outputs, alarms and windows are as if there had been none. Method: a publisher that
// appends to the log and can die before or after its last append.
#include "rules/rule_site.hpp"

#include <holdfast/rules/keyspace.hpp>

#include <catch2/catch.hpp>

#include <fmt/format.h>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Site = RuleSite;

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

TEST_CASE("an output that can never be stored is passed over, counted and named", "[rules]") {
    Site site;
    site.publisher->take_at_most(600);
    REQUIRE(
        site.engine->create("CREATE RULE r AS SELECT device, temp FROM cars ALARM 'hot' PER "
                            "device RAISE WHEN temp IS NOT NULL CLEAR WHEN temp IS NULL "
                            "THEN APPEND out"));
    REQUIRE(site.engine->create("CREATE RULE other AS SELECT device FROM cars THEN APPEND out"));
    site.send("a", 0, "1");
    site.send("b", 1, "\"" + std::string(1000, 'x') + "\"");
    site.send("c", 2, "3");
    REQUIRE(eventually([&] { return site.stored("out").size() == 5; }));
    REQUIRE(eventually([&] { return site.engine->find("r")->counts.errors == 2; })); // row, alarm
    const auto rule = site.engine->find("r");
    CHECK(rule->status == rules::RuleStatus::running);
    CHECK(rule->last_error == "cars/0 offset 1: larger than its stream takes");
    CHECK(site.alarms->active_count() == 3); // the state is no record
    CHECK(site.stored("alarms").size() == 2);
    site.restart();
    CHECK(site.stored("out").size() == 5);
}

TEST_CASE("the alarms of a rule that is removed or replaced are cleared, its state goes",
          "[rules]") {
    Site site;
    const std::string rule =
        "RULE r AS SELECT device, temp FROM cars ALARM 'hot' PER device "
        "SEVERITY 'major' RAISE WHEN temp > 1 CLEAR WHEN temp < 1";
    REQUIRE(site.engine->create("CREATE " + rule));
    site.send("a", 0, "2");
    REQUIRE(eventually([&] { return site.alarms->active_count() == 1; }));
    CHECK(site.alarms->list({})[0].severity == alarms::Severity::major);
    REQUIRE(site.engine->create("CREATE OR REPLACE " + rule));
    CHECK(site.alarms->active_count() == 0);

    site.send("a", 1, "3");
    REQUIRE(eventually([&] { return site.alarms->active_count() == 1; }));
    site.restart();
    REQUIRE(site.engine->remove("r"));
    CHECK(site.alarms->active_count() == 0);
    CHECK(site.alarms->list({})[0].reason == alarms::ClearReason::removed);
    const auto records = site.stored("alarms");
    REQUIRE(records.size() == 4);
    CHECK(records[3].find(R"("reason":"removed")") != std::string::npos);
    CHECK(site.state_keys(rules::kKeyspace, "").size() == 1); // next_id
    site.restart();
    CHECK(site.alarms->active_count() == 0);
}

TEST_CASE("each raise has an occurrence of its own, which its clear has, too", "[rules]") {
    Site site;
    REQUIRE(
        site.engine->create("CREATE RULE r AS SELECT device, temp FROM cars ALARM 'hot' PER "
                            "device RAISE WHEN temp > 1 CLEAR WHEN temp < 1"));
    const auto occurrences = [&](std::size_t count) {
        REQUIRE(eventually([&] { return site.stored("alarms").size() == count; }));
        std::vector<std::string> out;
        for (const auto& record : site.stored("alarms"))
            out.push_back(record.substr(record.find("\"occurrence\":"), 32));
        return out;
    };
    site.send("a", 0, "2");
    site.send("a", 0, "0");
    site.send("a", 0, "2");
    REQUIRE(occurrences(3).size() == 3);
    site.restart();
    site.send("a", 0, "0");
    const auto all = occurrences(4);
    CHECK(all[0] == all[1]);
    CHECK(all[1] != all[2]);
    CHECK(all[2] == all[3]);
}

TEST_CASE("damaged state sets one rule aside by name, the others start", "[rules]") {
    Site site;
    REQUIRE(site.engine->create(kWindows));
    REQUIRE(site.engine->create("CREATE RULE good AS SELECT temp FROM cars THEN APPEND out"));
    site.send("a", 0, "7");
    REQUIRE(site.has_caught_up("good"));
    REQUIRE(site.engine->create("CREATE RULE lost AS SELECT temp FROM cars"));
    const auto keys = site.state_keys(rules::kKeyspace, "state/0000000000000001/");
    const auto damage = GENERATE_COPY(values<std::string>({"\x02", "", "\x02\x7f\x7f\x7f\x7f"}));
    site.write_state({{rules::kKeyspace, keys.at(0), damage},
                      {rules::kKeyspace, "rule/lost", std::string("\x02\x01")}});
    site.restart();
    CHECK(site.engine->find("w")->status == rules::RuleStatus::failed);
    CHECK(site.engine->find("w")->last_error.find("rule 'w'") != std::string::npos);
    CHECK_FALSE(site.engine->find("lost"));
    site.send("a", 1, "8");
    REQUIRE(eventually([&] { return site.stored("out").size() == 2; }));
    // and can be made anew
    REQUIRE(site.engine->create("CREATE RULE lost AS SELECT temp FROM cars THEN APPEND out"));
    std::string again = kWindows;
    REQUIRE(site.engine->create(again.replace(0, 6, "CREATE OR REPLACE")));
    CHECK(site.engine->find("w")->status == rules::RuleStatus::running);
    site.restart();
    CHECK(site.engine->find("lost")->status == rules::RuleStatus::running);
    CHECK(site.engine->find("w")->status == rules::RuleStatus::running);
}

TEST_CASE("rules of another format stop the start by name", "[rules]") {
    Site site;
    site.write_state({{rules::kKeyspace, "rule/old", std::string("\x01\x00")}});
    site.end();
    CHECK_THROWS_WITH(site.start(),
                      Catch::Contains("stored rule/old: rule definition of version 1"));
}

TEST_CASE("a payload path that no record has gives a warning after a thousand", "[rules]") {
    Site site;
    REQUIRE(site.engine->create("CREATE RULE r AS SELECT tmep, temp, device FROM cars"));
    const auto warnings = [&] {
        REQUIRE(site.has_caught_up("r"));
        return site.engine->find("r")->warnings;
    };
    for (int i = 0; i < 999; ++i) site.send("a", i, "1");
    CHECK(warnings().empty());
    site.send("a", 1000, "1");
    REQUIRE(warnings().size() == 1);
    CHECK(warnings()[0] == "no record of its source had a value at payload path 'tmep'");
    broker::OutMessage message;
    message.device = "a";
    message.payload = R"({"tmep":1})";
    site.append(message, RuleSite::kStartMs);
    CHECK(warnings().empty()); // it came after all
}

TEST_CASE("a stop does not wait for a slow expression, whose record is read again", "[rules]") {
    Site site;
    // Each of a million places fits for sixty thousand letters: a minute, to the end.
    REQUIRE(site.engine->create("CREATE RULE slow AS SELECT temp LIKE '%" +
                                std::string(60'000, 'a') + "_b%' AS x FROM cars THEN APPEND out"));
    site.send("a", 0, '"' + std::string(1'000'000, 'a') + '"');
    REQUIRE(eventually([&] { return site.engine->find("slow")->lag == 1; }));
    site.engine->stop();
    CHECK(site.engine->find("slow")->lag == 1);
    CHECK(site.records_in("slow") == 0);
    CHECK(site.stored("out").empty());
}

TEST_CASE("pausing and removing a rule does not wait for its slow expression", "[rules]") {
    Site site;
    REQUIRE(site.engine->create("CREATE RULE other AS SELECT device FROM cars"));
    REQUIRE(site.engine->create("CREATE RULE slow AS SELECT temp LIKE '%" +
                                std::string(60'000, 'a') + "_b%' AS x FROM cars THEN APPEND out"));
    site.send("a", 0, '"' + std::string(1'000'000, 'a') + '"');
    REQUIRE(eventually([&] { return site.engine->find("slow")->lag == 1; }));
    const bool is_removed = GENERATE(false, true);
    if (is_removed) {
        REQUIRE(site.engine->remove("slow"));
    } else {
        REQUIRE(site.engine->pause("slow"));
        CHECK(site.engine->find("slow")->lag == 1); // it is read again
        CHECK(site.records_in("slow") == 0);
    }
    CHECK(site.has_caught_up("other"));
    CHECK(site.records_in("other") == 1);
    CHECK(site.stored("out").empty());
}
