// Goal: retention leaves what is wanted beside the log, within its bound, and never lets the disk
// fill for it. Method: a log whose clock moves, slices of ten minutes, and a record in each.
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::int64_t kSliceMs = 10LL * 60'000;
constexpr std::int64_t kRetentionMs = 8 * kSliceMs;
constexpr std::size_t kValueBytes = 100'000;
constexpr std::uint64_t kNoBound = ~std::uint64_t{0};

void append_slices(LogFixture& at, PartitionId to, int slices, int values = 1) {
    for (int i = 0; i < slices; ++i) {
        for (int each = 0; each < values; ++each)
            REQUIRE(append_values(*at.log, to, {std::string(kValueBytes, 'v')}));
        at.clock.advance_ms(kSliceMs);
    }
}

Offset log_start(const LogFixture& at, PartitionId of) {
    return at.log->bounds(of).value().log_start_offset;
}

log::Held retain(LogFixture& at, const log::Wanted& wanted) {
    return at.log->apply_retention(at.clock.now_ms(), wanted).value();
}

} // namespace

TEST_CASE("what has expired stays as long as it is wanted", "[log][retention]") {
    LogFixture at;
    const PartitionId kept = at.make_stream("kept", 1, kRetentionMs);
    const PartitionId other = at.make_stream("other", 1, kRetentionMs);
    append_slices(at, kept, 12);
    REQUIRE(append_values(*at.log, other, {"x"}));
    at.clock.advance_ms(2 * kRetentionMs);

    log::Held held = retain(at, {{{kept, 5}}, kNoBound});
    CHECK(log_start(at, kept) == 5);
    CHECK(log_start(at, other) == 1);
    CHECK(held.due_below == std::map<PartitionId, Offset>{{kept, 12}});
    CHECK(held.bytes >= 7 * kValueBytes);
    CHECK(held.bytes < 8 * kValueBytes);
    CHECK(held.released_bytes == 0);
    CHECK(read_all(*at.log, kept, 5).value().size() == 7);

    at.reopen();
    held = retain(at, {{{kept, 12}}, kNoBound});
    CHECK(log_start(at, kept) == 12);
    CHECK(held.due_below.empty());
    CHECK(held.bytes == 0);
}

TEST_CASE("more than the bound is not held: the oldest go", "[log][retention]") {
    LogFixture at;
    const PartitionId first = at.make_stream("first", 1, kRetentionMs);
    const PartitionId second = at.make_stream("second", 1, kRetentionMs);
    append_slices(at, first, 6);
    append_slices(at, second, 6);
    at.clock.advance_ms(2 * kRetentionMs);
    const log::Held held = retain(at, {{{first, 0}, {second, 0}}, 4 * kValueBytes + 10'000});
    CHECK(log_start(at, first) == 6);
    CHECK(log_start(at, second) == 2);
    CHECK(held.bytes <= 4 * kValueBytes + 10'000);
    CHECK(held.released_bytes >= 8 * kValueBytes);
    CHECK(held.due_below.at(second) == 6);
}

TEST_CASE("near the directory's bound what is not wanted goes first", "[log][retention]") {
    LogFixture at(LogFixture::Start::later);
    at.disk_bytes_max = 64U << 20U;
    at.start();
    const PartitionId wanted = at.make_stream("wanted");
    const PartitionId free = at.make_stream("free", 1, kRetentionMs * 100);
    append_slices(at, wanted, 1, 40);
    at.clock.advance_ms(86'400'000);
    const Offset room = 2'000;
    while (log_start(at, free) == 0 && at.log->bounds(free).value().high_watermark < room) {
        REQUIRE(append_values(*at.log, free, {std::string(kValueBytes, 'v')}));
        at.clock.advance_ms(kSliceMs);
        const log::Held held = retain(at, {{{wanted, 0}}, kNoBound});
        if (log_start(at, free) == 0) continue;
        CHECK(held.due_below.at(wanted) == 40);
    }
    CHECK(log_start(at, free) > 0);
    CHECK(log_start(at, wanted) == 0);

    // Where nothing else is left, what is wanted goes rather than that appends are refused.
    log::Held last;
    while (log_start(at, wanted) == 0 && at.log->bounds(wanted).value().high_watermark < room) {
        REQUIRE(append_values(*at.log, wanted, {std::string(kValueBytes, 'v')}));
        at.clock.advance_ms(kSliceMs);
        last = retain(at, {{{wanted, 0}, {free, 0}}, kNoBound});
    }
    CHECK(log_start(at, wanted) > 0);
    CHECK(last.released_bytes > 0);
    CHECK_FALSE(at.log->refusing());
}

TEST_CASE("a directory beside the log counts to the bound, up to half of it", "[log][retention]") {
    LogFixture at(LogFixture::Start::later);
    at.disk_bytes_max = 64U << 20U;
    at.disk_beside = at.directory.path() / "beside";
    std::filesystem::create_directory(at.disk_beside);
    at.start();
    const PartitionId a = at.make_stream("a", 1, kRetentionMs * 100);
    append_slices(at, a, 30, 10);
    (void)retain(at, {});
    CHECK(log_start(at, a) == 0);
    std::ofstream(at.disk_beside / "table") << "x";
    std::filesystem::resize_file(at.disk_beside / "table", 33U << 20U);
    at.clock.advance_ms(2'000); // the disk is looked at once a second
    (void)retain(at, {});
    CHECK(log_start(at, a) > 0);
    // A hundred where the write-ahead log is flushed by then; it counts until it is.
    CHECK(log_start(at, a) < 200);
    CHECK_FALSE(at.log->refusing());
    std::filesystem::resize_file(at.disk_beside / "table", 64U << 20U);
    at.clock.advance_ms(2'000);
    REQUIRE(at.log->refusing());
    CHECK(at.log->refusing()->context.find("beside") != std::string::npos);
}
