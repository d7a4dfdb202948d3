// Goal: a row becomes JSON with every digit kept, and its time as epoch milliseconds.
#include <load/replay/row_json.hpp>

#include <catch2/catch.hpp>

using holdfast::load::is_json_number;
using holdfast::load::parse_time_ms;
using holdfast::load::row_to_json;

TEST_CASE("times are read in the forms that data sets use", "[load][replay]") {
    CHECK(parse_time_ms("2014-04-01 00:00:00") == 1'396'310'400'000);
    CHECK(parse_time_ms("2014-04-01T00:00:00.5Z") == 1'396'310'400'500);
    CHECK(parse_time_ms("2013-07-04 00:00:00.123456") == 1'372'896'000'123);
    CHECK(parse_time_ms("2014-04-01") == 1'396'310'400'000);
    CHECK(parse_time_ms("1396310400") == 1'396'310'400'000);
    CHECK(parse_time_ms("1396310400.25") == 1'396'310'400'250);
    CHECK(parse_time_ms("1396310400123") == 1'396'310'400'123);
}

TEST_CASE("what is no time is not taken for one", "[load][replay]") {
    const auto* text =
        GENERATE("", "noon", "2014-13-01", "2014-02-30", "2014-04-01 24:00:00", "2014-04-01 00:00",
                 "2014-04-01 00:00:00x", "2014-04-01 00:00:00.", "1e300");
    CAPTURE(text);
    CHECK_FALSE(parse_time_ms(text));
}

TEST_CASE("JSON's numbers are told from what only looks like them", "[load][replay]") {
    for (const char* text : {"0", "-1", "1.50", "0.1e-7", "12E+3", "73.96732207"}) {
        CAPTURE(text);
        CHECK(is_json_number(text));
    }
    for (const char* text : {"", "-", "01", "1.", ".5", "+1", "1e", "NaN", "0x10", "1 "}) {
        CAPTURE(text);
        CHECK_FALSE(is_json_number(text));
    }
}

TEST_CASE("a row keeps its numbers digit for digit", "[load][replay]") {
    CHECK(row_to_json({"timestamp", "value", "note", "gone"},
                      {"x", "73.9673220700", "a \"b\"\n", ""}, 0, 12,
                      "") == R"({"ts":12,"value":73.9673220700,"note":"a \"b\"\u000a"})");
    CHECK(row_to_json({"value"}, {"007"}, static_cast<std::size_t>(-1), 0, "pump-1") ==
          R"({"device":"pump-1","value":"007"})");
}
