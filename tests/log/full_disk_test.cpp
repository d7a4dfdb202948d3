// Goal: a full or failing disk refuses appends by name, loses nothing, and appends go on by
// themselves once it is well again.
#include "log/log_fixture.hpp"

#include <holdfast/kv/simulated_storage.hpp>

#include <catch2/catch.hpp>

#include <chrono>

using namespace holdfast;
using namespace holdfast::test;

namespace {

// Appends until one is taken; fails the test after two minutes.
Offset append_when_taken(LogFixture& at, PartitionId partition, const std::string& value) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    for (;;) {
        at.clock.advance_ms(1'000);
        const auto appended = append_values(*at.log, partition, {value});
        if (appended) return appended.value();
        REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
}

} // namespace

TEST_CASE("below the disk reserve appends are refused, and taken again above it", "[log][disk]") {
    kv::SimulatedStorage disk(1);
    disk.set_free_bytes(1U << 30U);
    LogFixture at(disk.storage());
    const PartitionId a = at.make_stream("a");
    REQUIRE(append_values(*at.log, a, {"1"}));
    CHECK_FALSE(at.log->refusing());

    disk.set_free_bytes(1U << 20U);
    at.clock.advance_ms(1'000);
    const auto refused = append_values(*at.log, a, {"2"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_space);
    CHECK(refused.error().context.find("1048576 bytes left") != std::string::npos);
    REQUIRE(at.log->refusing());
    CHECK(at.log->refusing()->code == Errc::no_space);
    CHECK(read_all(*at.log, a).value().size() == 1); // reads go on

    disk.set_free_bytes(1U << 30U);
    at.clock.advance_ms(1'000);
    CHECK(append_values(*at.log, a, {"3"}).value() == 1);
    CHECK_FALSE(at.log->refusing());
}

TEST_CASE("the directory's own limit refuses appends", "[log][disk]") {
    LogFixture at;
    at.disk_bytes_max = 300'000;
    at.reopen();
    const PartitionId a = at.make_stream("a");
    bool refused = false;
    for (int i = 0; i < 20 && !refused; ++i) {
        at.clock.advance_ms(1'000);
        const auto appended = append_values(*at.log, a, {std::string(50'000, 'v')});
        refused = !appended && appended.error().code == Errc::no_space;
    }
    CHECK(refused);
}

TEST_CASE("a disk that runs full under a write is survived without losing a record",
          "[log][disk]") {
    kv::SimulatedStorage disk(1);
    LogFixture at(disk.storage());
    const PartitionId a = at.make_stream("a");
    REQUIRE(append_values(*at.log, a, {"1"}));
    disk.set_full(true); // and the watch has not looked yet
    const auto refused = append_values(*at.log, a, {"2"});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::no_space);
    CHECK(read_all(*at.log, a).value().size() == 1);
    disk.set_full(false);
    CHECK(append_when_taken(at, a, "3") == 1);
    CHECK(read_all(*at.log, a).value() == std::vector<StoredValue>{{0, "1"}, {1, "3"}});
}

TEST_CASE("whatever call fails, what was acknowledged stays and appends go on", "[log][disk]") {
    for (std::uint64_t nth = 1; nth <= 12; ++nth) {
        CAPTURE(nth);
        kv::SimulatedStorage disk(nth);
        LogFixture at(disk.storage());
        const PartitionId a = at.make_stream("a");
        disk.fail_after(nth);
        std::vector<std::string> acknowledged;
        for (int i = 0; i < 6; ++i)
            if (append_values(*at.log, a, {std::to_string(i)}))
                acknowledged.push_back(std::to_string(i));
        disk.heal();
        append_when_taken(at, a, "last");
        acknowledged.emplace_back("last");
        const auto stored = read_all(*at.log, a).value();
        std::size_t next = 0; // what failed may be there too, where only its sync failed
        for (std::size_t i = 0; i < stored.size(); ++i) {
            CHECK(stored[i].offset == static_cast<Offset>(i));
            if (next < acknowledged.size() && stored[i].value == acknowledged[next]) ++next;
        }
        CHECK(next == acknowledged.size());
    }
}

TEST_CASE("near the directory's limit the oldest slices go, and appends are taken all along",
          "[log][disk]") {
    LogFixture at;
    constexpr std::uint64_t kLimit = 40U << 20U;
    at.disk_bytes_max = kLimit;
    at.reopen();
    const PartitionId kept = at.make_stream("kept", 1, -1);
    REQUIRE(append_values(*at.log, kept, std::vector<std::string>(20, std::string(50'000, 'k'))));
    const PartitionId a = at.make_stream("a");
    const PartitionId b = at.make_stream("b", 1, 3'600'000); // of another class of slices
    const std::string value(100'000, 'v');
    for (int i = 0; i < 1000; ++i) {
        CAPTURE(i);
        REQUIRE(append_values(*at.log, i % 3 == 0 ? b : a, {value}));
        at.clock.advance_ms(1'000);
        REQUIRE(at.log->apply_retention(at.clock.now_ms()));
        REQUIRE(at.log->disk_bytes() <= kLimit);
    }
    const auto bounds = at.log->bounds(a).value();
    CHECK(bounds.log_start_offset > 300);
    CHECK(bounds.high_watermark == 666);
    CHECK(bounds.high_watermark - bounds.log_start_offset > 60); // no more went than had to
    CHECK(read_all(*at.log, a, bounds.log_start_offset).value().size() ==
          static_cast<std::size_t>(bounds.high_watermark - bounds.log_start_offset));
    CHECK(read_all(*at.log, kept).value().size() == 20);
    at.reopen();
    CHECK(at.log->bounds(a).value().log_start_offset == bounds.log_start_offset);
    CHECK(read_all(*at.log, kept).value().size() == 20);
}
