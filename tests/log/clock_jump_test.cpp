// Goal: a wall clock that is wrong for a while, ahead or behind, loses no record early, holds none
// beyond reason, and leaves times and offsets right. Method: the test's clock is moved; retention
// by what an ExpiryClock lets through is tested in tests/base.
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

std::size_t count(log::Log& log, PartitionId partition) {
    const auto start = log.bounds(partition).value().log_start_offset;
    return read_all(log, partition, start).value().size();
}

} // namespace

TEST_CASE("records of a clock that was a year ahead go when they are as old as others", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 1, kDayMs);
    const auto append = [&](const char* value) {
        REQUIRE(append_values(*at.log, a, {value}, at.clock.now_ms()));
    };
    append("before");
    at.clock.advance_ms(365 * kDayMs);
    append("ahead");
    at.clock.advance_ms(-365 * kDayMs);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    append("after");
    CHECK(count(*at.log, a) == 3);
    const bool is_reopened = GENERATE(false, true);
    if (is_reopened) at.reopen();
    CHECK(count(*at.log, a) == 3);
    at.clock.advance_ms(kDayMs / 2);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    CHECK(count(*at.log, a) == 3);
    at.clock.advance_ms(kDayMs);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    append("much later");
    CHECK(count(*at.log, a) == 1);
    CHECK(at.log->bounds(a).value().high_watermark == 4);
}

TEST_CASE("a clock set back by a day loses nothing early and keeps nothing for long", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 1, kDayMs);
    for (int hour = 0; hour < 6; ++hour) {
        REQUIRE(append_values(*at.log, a, {"x"}, at.clock.now_ms()));
        at.clock.advance_ms(kHourMs);
    }
    at.clock.advance_ms(-kDayMs);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    for (int hour = 0; hour < 6; ++hour) {
        REQUIRE(append_values(*at.log, a, {"y"}, at.clock.now_ms()));
        at.clock.advance_ms(kHourMs);
        REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    }
    CHECK(count(*at.log, a) == 12);
    // What the clock dated a day later goes with it at the latest.
    at.clock.advance_ms(2 * kDayMs + 4 * kHourMs);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    CHECK(count(*at.log, a) == 0);
    CHECK(append_values(*at.log, a, {"z"}, at.clock.now_ms()).value() == 12);
}

TEST_CASE("a time leads to the first record as young, whatever the clock did", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    const std::int64_t start = at.clock.now_ms();
    for (const std::int64_t hours : {0, 1, 48, 49, 2, 3, 50}) // ahead by two days, then set back
        REQUIRE(append_values(*at.log, a, {std::to_string(hours)}, start + hours * kHourMs));
    const auto first = [&](std::int64_t hours) {
        return at.log->offset_at(a, start + hours * kHourMs).value();
    };
    for (int look = 0; look < 2; ++look) {
        CHECK(first(0) == 0);
        CHECK(first(1) == 1);
        CHECK(first(2) == 2); // from there on nothing as young is missed
        CHECK(first(48) == 2);
        CHECK(first(50) == 6);
        CHECK(first(51) == 7);
        at.reopen();
    }
}
