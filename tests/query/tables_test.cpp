// Goal: tables show what the parts that they stand for know, under the names that REST has.
#include <holdfast/alarms/registry.hpp>
#include <holdfast/column/json_text.hpp>
#include <holdfast/query/table.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <vector>

using namespace holdfast;

namespace {

using Row = std::map<std::string, std::string>; // cells as JSON, by column

std::vector<Row> rows_of(const query::Table& table) {
    query::TableRows rows;
    REQUIRE(table.read(rows));
    std::vector<Row> out;
    for (const auto& cells : rows.rows()) {
        REQUIRE(cells.size() == table.schema().columns.size());
        Row& row = out.emplace_back();
        for (std::size_t c = 0; c < cells.size(); ++c)
            column::append_json(row[table.schema().columns[c].name], cells[c]);
    }
    return out;
}

alarms::Alarm hot_press() {
    alarms::Alarm alarm;
    alarm.source = "hot_press";
    alarm.name = "press hot";
    alarm.key = "press-1";
    alarm.device = "press-1";
    alarm.severity = alarms::Severity::major;
    alarm.details_json = R"({"mean":81.0})";
    alarm.raised_ms = 1'714'557'610'000;
    alarm.occurrence = "4539a0dac9e08b40";
    return alarm;
}

} // namespace

TEST_CASE("the table of alarms has what REST lists of one", "[query]") {
    alarms::Registry registry;
    alarms::Alarm alarm = hot_press();
    registry.apply({&alarm, 1});
    const auto active = rows_of(*query::alarms_table(registry));
    REQUIRE(active.size() == 1);
    CHECK(active[0].at("id") == '"' + alarms::alarm_id(alarm) + '"');
    CHECK(active[0].at("device") == R"("press-1")");
    CHECK(active[0].at("state") == R"("active")");
    CHECK(active[0].at("occurrence") == R"("4539a0dac9e08b40")");
    CHECK(active[0].at("raised_at") == R"("2024-05-01T10:00:10.000Z")");
    for (const char* unset :
         {"cleared_at", "worsened_at", "reason", "acknowledged_at", "acknowledged_by", "label",
          "labelled_at", "labelled_by", "shelved_at", "shelved_until", "shelved_by"})
        CHECK(active[0].at(unset) == "null");

    alarm = alarms::removed(alarm, 1'714'557'620'000);
    registry.apply({&alarm, 1});
    const auto cleared = rows_of(*query::alarms_table(registry));
    REQUIRE(cleared.size() == 1);
    CHECK(cleared[0].at("state") == R"("cleared")");
    CHECK(cleared[0].at("cleared_at") == R"("2024-05-01T10:00:20.000Z")");
    CHECK(cleared[0].at("reason") == R"("removed")");
}

TEST_CASE("the table of alarms has what operators said", "[query]") {
    alarms::Registry registry;
    alarms::Alarm alarm = hot_press();
    alarm.device.clear();
    alarm.details_json.clear();
    alarm.acknowledged = alarms::OperatorNote{1'714'557'620'000, 0, "anna"};
    alarm.shelved = alarms::OperatorNote{1'714'557'630'000, 1'714'557'690'000, "bert"};
    registry.apply({&alarm, 1});
    auto row = rows_of(*query::alarms_table(registry)).at(0);
    CHECK(row.at("device") == "null");
    CHECK(row.at("details") == R"("{}")");
    CHECK(row.at("acknowledged_at") == R"("2024-05-01T10:00:20.000Z")");
    CHECK(row.at("acknowledged_by") == R"("anna")");
    registry.label(alarms::label_of(alarm, {false, {1'714'557'625'000, 0, "carl"}}));
    row = rows_of(*query::alarms_table(registry)).at(0);
    CHECK(row.at("label") == R"("false")");
    CHECK(row.at("labelled_at") == R"("2024-05-01T10:00:25.000Z")");
    CHECK(row.at("labelled_by") == R"("carl")");
    CHECK(row.at("shelved_at") == R"("2024-05-01T10:00:30.000Z")");
    CHECK(row.at("shelved_until") == R"("2024-05-01T10:01:30.000Z")");
    CHECK(row.at("shelved_by") == R"("bert")");

    alarm.shelved->until_ms = 0;
    registry.apply({&alarm, 1});
    row = rows_of(*query::alarms_table(registry)).at(0);
    CHECK(row.at("shelved_at") != "null");
    CHECK(row.at("shelved_until") == "null");
}

TEST_CASE("the table of alarms has all of them, or says that it cannot", "[query]") {
    constexpr std::size_t kMany = 10'500;
    alarms::Registry registry;
    std::vector<alarms::Alarm> all(kMany, hot_press());
    for (std::size_t i = 0; i < kMany; ++i) all[i].key = std::to_string(i);
    registry.apply(all);
    query::TableRows rows;
    REQUIRE(query::alarms_table(registry)->read(rows));
    CHECK(rows.rows().size() == kMany);

    for (alarms::Alarm& alarm : all) alarm.details_json = std::string(4000, ' ');
    registry.apply(all);
    query::TableRows too_many;
    const auto outcome = query::alarms_table(registry)->read(too_many);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().context == "the table is larger than 32 MiB");
}
