// Goal: each stream keeps its history for as long as it should, and what is over goes whole, also
// on a full disk. Method: two streams in one store, weeks as time partitions, a disk that fills.
#include "history/store_fixture.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/simulated_storage.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Lines = std::vector<std::string>;
constexpr std::int64_t kWeekUs = 7 * kDayUs;

struct TwoStreams : StoreFixture {
    const PartitionId shared{StreamId{1}, 0};
    const PartitionId own{StreamId{2}, 0};
    Offset shared_next = 0;
    Offset own_next = 0;

    void tell_weeks(PartitionId to, Offset& offset, int weeks) {
        from = to;
        for (int week = 0; week < weeks; ++week)
            tell_at(offset++, "d", kStartUs + week * kWeekUs, {with("n", week)});
    }
    void tell_both(int weeks) {
        tell_weeks(shared, shared_next, weeks);
        tell_weeks(own, own_next, weeks);
        REQUIRE(store->seal_all());
    }
    [[nodiscard]] std::size_t rows(PartitionId of) {
        from = of;
        return read("d", {"n"}).size();
    }
    [[nodiscard]] std::size_t drop(std::int64_t week, std::int64_t own_week) {
        return store
            ->drop_before(kStartUs + week * kWeekUs, {{own.stream, kStartUs + own_week * kWeekUs}})
            .value();
    }
};

} // namespace

TEST_CASE("a stream with a retention of its own keeps less or more than others",
          "[history][retention]") {
    TwoStreams at;
    const bool keeps_more = GENERATE(false, true);
    CAPTURE(keeps_more);
    CHECK(at.drop(-100, -100) == 0);
    at.tell_both(10);
    CHECK(at.rows(at.shared) == 10);
    CHECK(at.rows(at.own) == 10);
    const std::size_t own = keeps_more ? 8 : 3;
    CHECK(at.drop(5, keeps_more ? 2 : 7) > 0);
    for (int again = 0; again < 2; ++again) {
        CHECK(at.rows(at.shared) == 5);
        CHECK(at.rows(at.own) == own);
        CHECK(at.store->coverage(at.own.stream).from_us <=
              kStartUs + (keeps_more ? 2 : 7) * kWeekUs);
        at.reopen();
    }
    // What is over does not come back, and what is not may come late.
    at.from = at.own;
    at.tell_at(at.own_next++, "d", kStartUs, {with("n", 0)});
    at.tell_at(at.own_next++, "d", kStartUs + 8 * kWeekUs + 1, {with("n", 8)});
    CHECK(at.rows(at.own) == own + 1);
}

TEST_CASE("a retention that comes later holds for what comes later", "[history][retention]") {
    TwoStreams at;
    at.tell_both(4);
    CHECK(at.drop(-100, -100) == 0);
    at.from = at.own;
    for (int week = 4; week < 8; ++week)
        at.tell_at(at.own_next++, "d", kStartUs + week * kWeekUs, {with("n", week)});
    REQUIRE(at.store->seal_all());
    at.reopen();
    CHECK(at.rows(at.own) == 8);
    // Longer: what lies with the others goes with them.
    CHECK(at.drop(3, -100) > 0);
    CHECK(at.rows(at.own) == 5);
    // Shorter: what is over is not read, wherever it lies.
    CHECK(at.drop(3, 6) > 0);
    CHECK(at.rows(at.own) == 2);
    CHECK(at.rows(at.shared) == 1);
    // And where the retention of its own is taken away, that of the others holds.
    CHECK(at.store->drop_before(kStartUs + 7 * kWeekUs).value() > 0);
    CHECK(at.rows(at.own) == 1);
}

TEST_CASE("the oldest time partition goes first, whose it is, and the last one stays",
          "[history][retention]") {
    TwoStreams at;
    CHECK(at.drop(-100, -100) == 0);
    at.tell_both(3);
    for (const std::size_t left : {2U, 1U}) {
        CHECK(at.store->drop_oldest().value());
        CHECK(at.rows(at.shared) == left);
        CHECK(at.rows(at.own) == left);
    }
    CHECK_FALSE(at.store->drop_oldest().value());
    CHECK(at.rows(at.shared) == 1);
}

TEST_CASE("what is over goes where the disk has no room for a byte below its reserve",
          "[history][retention]") {
    set_log_level(LogLevel::error);
    kv::SimulatedStorage disk(3);
    TwoStreams at;
    at.store.reset();
    at.options.directory = at.directory.path() / "simulated";
    at.options.storage = disk.storage();
    at.options.disk_reserve_bytes = 1U << 20U;
    at.start();
    CHECK(at.drop(-100, -100) == 0);
    at.tell_both(6);
    disk.set_free_bytes(10'000); // the reserve's rest: for what makes room
    CHECK(at.store->seal_all().error().code == Errc::no_space);
    CHECK(at.drop(4, 5) > 0);
    CHECK(at.rows(at.shared) == 2);
    CHECK(at.rows(at.own) == 1);
    set_log_level(LogLevel::info);
}
