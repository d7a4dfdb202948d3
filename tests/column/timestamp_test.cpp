// Goal: every time has a text, also the ones that damage makes up.
#include <holdfast/column/timestamp.hpp>

#include <catch2/catch.hpp>

#include <cstdint>

using namespace holdfast;

TEST_CASE("a time is shown in UTC, with as many digits as it has", "[column]") {
    CHECK(column::format_timestamp(0) == "1970-01-01T00:00:00.000Z");
    CHECK(column::format_timestamp(1'700'000'000'123'000) == "2023-11-14T22:13:20.123Z");
    CHECK(column::format_timestamp(1'700'000'000'123'456) == "2023-11-14T22:13:20.123456Z");
    CHECK(column::format_timestamp(-1) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("a time past all calendars is shown as its number", "[column]") {
    CHECK(column::format_timestamp(INT64_MIN) == "-9223372036854775808 us since 1970");
    CHECK(column::format_timestamp(INT64_MAX) == "9223372036854775807 us since 1970");
}
