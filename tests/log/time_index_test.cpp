// Goal: the offset at a time is the first whose record is as young, whatever the clocks did, over
// spans, restarts and retention. Method: compared with a search through all records.
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Appended {
    Offset offset = 0;
    std::int64_t timestamp_ms = 0;
};

Offset first_as_young(const std::vector<Appended>& all, std::int64_t timestamp_ms, Offset log_start,
                      Offset end) {
    for (const Appended& each : all)
        if (each.offset >= log_start && each.timestamp_ms >= timestamp_ms) return each.offset;
    return end;
}

} // namespace

TEST_CASE("the first record as young is found where times go back and forth", "[log][time]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    const std::vector<std::int64_t> times{1000, 5000, 2000, 3000, 6000};
    for (const auto time : times) REQUIRE(append_values(*at.log, a, {"v"}, time));
    if (GENERATE(false, true)) at.reopen();
    CHECK(at.log->offset_at(a, 0).value() == 0);
    CHECK(at.log->offset_at(a, 1001).value() == 1);
    CHECK(at.log->offset_at(a, 2500).value() == 1);
    CHECK(at.log->offset_at(a, 5001).value() == 4);
    CHECK(at.log->offset_at(a, 6001).value() == 5);
}

TEST_CASE("the offset at a time equals a search through all records", "[log][time]") {
    const auto seed = GENERATE(range(1U, 5U));
    CAPTURE(seed);
    std::mt19937 random(seed);
    LogFixture at;
    const PartitionId a = at.make_stream("a", 1, 80LL * 60'000); // slices of ten minutes
    const PartitionId other = at.make_stream("b", 1, 80LL * 60'000);
    std::vector<Appended> all;
    std::int64_t now = 1'700'000'000'000;
    const auto append_some = [&](int batches) {
        for (int i = 0; i < batches; ++i) {
            now += static_cast<std::int64_t>(random() % 2000);
            // Clocks lag, and one is ahead now and then.
            std::int64_t time = now - static_cast<std::int64_t>(random() % 30'000);
            if (random() % 100 == 0) time = now + 3'600'000;
            const std::vector<std::string> values(1 + random() % 3,
                                                  std::string(random() % 60'000, 'v'));
            const Offset base = append_values(*at.log, a, values, time).value();
            for (std::size_t v = 0; v < values.size(); ++v)
                all.push_back({base + static_cast<Offset>(v), time});
            if (random() % 8 == 0) REQUIRE(append_values(*at.log, other, {"other"}, time));
        }
    };
    const auto compare = [&] {
        const auto bounds = at.log->bounds(a).value();
        for (int i = 0; i < 60; ++i) {
            const std::int64_t wanted =
                1'700'000'000'000 - 60'000 +
                static_cast<std::int64_t>(
                    random() % static_cast<std::uint64_t>(now + 4'000'000 - 1'700'000'000'000));
            CAPTURE(wanted);
            CHECK(at.log->offset_at(a, wanted).value() ==
                  first_as_young(all, wanted, bounds.log_start_offset, bounds.high_watermark));
        }
    };
    for (int slice = 0; slice < 6; ++slice) {
        append_some(60); // some MiB: several entries
        compare();
        if (random() % 2 == 0) at.reopen();
        at.clock.advance_ms(11LL * 60'000);
        if (random() % 2 == 0) append_some(3); // a span that has no entry yet at the next start
        if (random() % 2 == 0) at.reopen();
        compare();
    }
    at.clock.advance_ms(60LL * 60'000);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    CHECK(at.log->bounds(a).value().log_start_offset > 0);
    append_some(5);
    compare();
}
