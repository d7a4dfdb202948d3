// Goal: a row of CSV becomes the record that docs/import.md describes, or says why it is none.
// Method: cells in, NDJSON out.
#include "app/import/csv_row.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using app::CsvMapping;
using app::CsvRow;
using app::TimeFormat;
using Catch::Contains;
using Cells = std::vector<std::string>;

namespace {

constexpr std::int64_t kNowMs = 1'800'000'000'000;

CsvRow row_of(CsvMapping mapping = {"who", "when", TimeFormat::any, ""},
              Cells header = {"when", "who", "temp", "note"}) {
    return CsvRow::make(std::move(mapping), std::move(header)).value();
}

std::string record(const Cells& cells) {
    return row_of().record(cells, false, kNowMs).value();
}

std::string refusal(const Cells& cells) {
    return row_of().record(cells, false, kNowMs).error().context;
}

} // namespace

TEST_CASE("a row's device is the key, its time the event time", "[app][import]") {
    CHECK(record({"2024-05-01T10:00:00.5Z", "lift-3", "21.50", "a \"b\""}) ==
          R"({"key":"lift-3","value":{"temp":21.50,"note":"a \"b\""},)"
          R"("headers":{"ts":"1714557600500"}})"
          "\n");
}

TEST_CASE("cells are numbers, booleans or text, as JSON reads them", "[app][import]") {
    const auto value = [](const std::string& cell, bool decimal_commas = false) {
        const auto text = row_of().record({"1", "d", cell, ""}, decimal_commas, kNowMs).value();
        return text.substr(0, text.find(",\"headers\"")).substr(text.find("\"value\":") + 8);
    };
    CHECK(value("7") == R"({"temp":7})");
    CHECK(value("-1e-3") == R"({"temp":-1e-3})");
    CHECK(value("+2") == R"({"temp":2})");
    CHECK(value("007") == R"({"temp":"007"})");
    CHECK(value("nan") == R"({"temp":"nan"})");
    CHECK(value("true") == R"({"temp":true})");
    CHECK(value("1,5", true) == R"({"temp":1.5})");
    CHECK(value("1,5") == R"({"temp":"1,5"})");
    CHECK(value("1,234,5", true) == R"({"temp":"1,234,5"})");
    CHECK(value("1e400") == R"({"temp":"1e400"})"); // no double: whoever reads it would fail
    CHECK(value("[1]") == R"({"temp":"[1]"})");
}

TEST_CASE("a topic takes the device, and nothing else in braces", "[app][import]") {
    const auto made = [](const char* topic) {
        return CsvRow::make({"who", "when", TimeFormat::any, topic}, {"when", "who", "v"});
    };
    const auto row = made("a/{device}/{device}");
    REQUIRE(row);
    CHECK_THAT(row.value().record({"1", "d", "2"}, false, kNowMs).value(),
               Contains(R"("mqtt.topic":"a/d/d")"));
    CHECK(made("a/{site}/x").error().context == "--topic: '{site}' is not known; {device} is");
    CHECK_THAT(made("a/{device").error().context, Contains("'{device' is not known"));
    CHECK_THAT(made("a/${device}").error().context, Contains("without a $"));
}

TEST_CASE("times are read as they are said to be written", "[app][import]") {
    const auto ms = [](const char* text, TimeFormat format) {
        return app::event_ms(text, format).value();
    };
    CHECK(ms("1714554000", TimeFormat::any) == 1714554000000);
    CHECK(ms("1714554000.25", TimeFormat::any) == 1714554000250);
    CHECK(ms("1714554000123", TimeFormat::any) == 1714554000123);
    CHECK(ms("2024-05-01 11:00:00+02:00", TimeFormat::any) == 1714554000000);
    CHECK(ms("5", TimeFormat::s) == 5'000);
    CHECK(ms("1.5", TimeFormat::s) == 1'500);
    CHECK(ms("5", TimeFormat::ms) == 5);
    CHECK(ms("5999", TimeFormat::us) == 5);
    CHECK(ms("1714554000999999999", TimeFormat::ns) == 1714554000999);
    CHECK_FALSE(app::event_ms("5", TimeFormat::rfc3339));
    CHECK_FALSE(app::event_ms("2024-05-01", TimeFormat::s));
    for (const char* text : {"", "soon", "-1", "1e40", "nan"})
        for (const auto format : {TimeFormat::any, TimeFormat::s, TimeFormat::ns}) {
            CAPTURE(text, static_cast<int>(format));
            CHECK_FALSE(app::event_ms(text, format));
        }
}

TEST_CASE("a topic is made of the device", "[app][import]") {
    const auto row = row_of({"who", "when", TimeFormat::s, "plant/{device}/state"});
    CHECK_THAT(row.record({"5", "lift", "1", ""}, false, kNowMs).value(),
               Contains(R"("headers":{"ts":"5000","mqtt.topic":"plant/lift/state"}})"));
    CHECK_THAT(row.record({"5", "li#ft", "1", ""}, false, kNowMs).error().context,
               Contains("'plant/li#ft/state' is no topic"));
}

TEST_CASE("a row that is no record says why", "[app][import]") {
    CHECK(refusal({"1", "d", "2"}) == "3 cells, but 4 columns");
    CHECK(refusal({"1", "", "2", ""}) == "the device is missing");
    CHECK(refusal({"soon", "d", "2", ""}) ==
          "'soon' is no time: RFC 3339 or epoch (--time-format)");
    CHECK(refusal({"1800003601", "d", "2", ""}) ==
          "'1800003601' is more than an hour ahead of now");
    CHECK(refusal({"1", "d", "", ""}) == "all values are empty");
    CHECK(refusal({"1", "d", "\xFF", ""}) == "not UTF-8");
}

TEST_CASE("a header without the columns asked for is refused", "[app][import]") {
    const auto error = [](Cells header) {
        return CsvRow::make({"who", "when", TimeFormat::any, ""}, std::move(header))
            .error()
            .context;
    };
    CHECK(error({"when", "x"}) == "line 1: there is no column 'who'; there are when, x");
    CHECK(error({"who", "x"}) == "line 1: there is no column 'when'; there are who, x");
    CHECK(error({"who", "when", "x", "x"}) == "line 1: two columns are named 'x'");
}
