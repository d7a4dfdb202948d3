// Goal: the space of a deleted stream comes back, also of what was written just now. Method: the
// files of the directory before and after, beside a stream that is kept for long.
#include "log/file_bytes.hpp"
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::size_t kValueBytes = 100'000;
constexpr std::int64_t kDayMs = 86'400'000;

} // namespace

TEST_CASE("a deleted stream gives its space back, beside one that is kept", "[log][disk]") {
    LogFixture at;
    const PartitionId kept = at.make_stream("kept", 1, 300 * kDayMs);
    const PartitionId gone = at.make_stream("gone");
    const std::string value(kValueBytes, 'v');
    constexpr std::uint64_t kRecords = 400;
    for (std::uint64_t i = 0; i < kRecords; ++i) {
        REQUIRE(append_values(*at.log, gone, {value}, at.clock.now_ms()));
        if (i % 10 == 0) REQUIRE(append_values(*at.log, kept, {value}, at.clock.now_ms()));
    }
    const auto before = file_bytes(at.path());
    REQUIRE(at.log->delete_stream("gone"));
    CHECK(comes_true(
        [&] { return file_bytes(at.path()) + kRecords * kValueBytes / 100 * 85 <= before; }));
    CHECK(read_all(*at.log, kept).value().size() == kRecords / 10);

    // The class is written again, and what stands in it now stays.
    const PartitionId next = at.make_stream("next");
    REQUIRE(append_values(*at.log, next, {"1"}, at.clock.now_ms()));
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    at.reopen();
    CHECK(read_all(*at.log, next).value() == std::vector<StoredValue>{{0, "1"}});
    CHECK(read_all(*at.log, kept).value().size() == kRecords / 10);
}
