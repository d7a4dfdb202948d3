// Goal: sizes and durations mean what docs/config.md says, and nothing else is taken.
#include <holdfast/config/units.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using config::parse_bytes;
using config::parse_duration_ms;

TEST_CASE("sizes have decimal and binary units", "[config][units]") {
    CHECK(parse_bytes("0").value() == 0);
    CHECK(parse_bytes("17").value() == 17);
    CHECK(parse_bytes("20GiB").value() == 20ULL << 30U);
    CHECK(parse_bytes("512 MB").value() == 512'000'000);
    CHECK(parse_bytes("1kB").value() == 1'000);
    CHECK(parse_bytes("3TiB").value() == 3ULL << 40U);
}

TEST_CASE("durations are sums of numbers with units", "[config][units]") {
    CHECK(parse_duration_ms("7d").value() == 7ULL * 86'400'000);
    CHECK(parse_duration_ms("1h 30m").value() == 5'400'000);
    CHECK(parse_duration_ms("1h30m").value() == 5'400'000);
    CHECK(parse_duration_ms("7d 200ms").value() == 7ULL * 86'400'000 + 200);
    CHECK(parse_duration_ms("2w").value() == 14ULL * 86'400'000);
    CHECK(parse_duration_ms("0").value() == 0);
}

TEST_CASE("what is not a size or a duration is refused", "[config][units]") {
    for (const char* text :
         {"", " ", "GiB", "-1", "1.5GiB", "1GiB 2MiB", "1gib", "0x10", "1 GiBx"}) {
        CAPTURE(text);
        CHECK(parse_bytes(text).error().code == Errc::malformed);
    }
    for (const char* text : {"", "5", "d", "1.5s", "1y", "-1s", "1s 5", "1s,2s"}) {
        CAPTURE(text);
        CHECK(parse_duration_ms(text).error().code == Errc::malformed);
    }
}

TEST_CASE("numbers past 63 bits are refused, also as products and sums", "[config][units]") {
    CHECK(parse_bytes("9223372036854775807").value() == 9'223'372'036'854'775'807U);
    for (const char* text : {"9223372036854775808", "99999999999999999999", "9999999999GiB"})
        CHECK(parse_bytes(text).error().code == Errc::limit_exceeded);
    CHECK(parse_duration_ms("9223372036854775807ms 1ms").error().code == Errc::limit_exceeded);
    CHECK(parse_duration_ms("106751991168d").error().code == Errc::limit_exceeded);
}
