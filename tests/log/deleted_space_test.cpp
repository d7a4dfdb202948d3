// Goal: the space of a deleted stream comes back, also of what was written just now. Method: the
// files of the directory before and after, beside a stream that is kept for long.
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::size_t kValueBytes = 100'000;
constexpr std::int64_t kDayMs = 86'400'000;

std::uint64_t file_bytes(const std::filesystem::path& directory) {
    std::uint64_t sum = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
        std::error_code gone; // a file that goes meanwhile takes no space
        const auto bytes = file.file_size(gone);
        if (!gone) sum += bytes;
    }
    return sum;
}

// True once the directory has shrunk by that much, within what is promised.
bool shrinks_by(const LogFixture& at, std::uint64_t before, std::uint64_t bytes) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
        if (file_bytes(at.path()) + bytes <= before) return true;
        std::this_thread::yield(); // RocksDB deletes behind our back
    }
    return false;
}

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
    CHECK(shrinks_by(at, before, kRecords * kValueBytes / 100 * 85));
    CHECK(read_all(*at.log, kept).value().size() == kRecords / 10);

    // The class is written again, and what stands in it now stays.
    const PartitionId next = at.make_stream("next");
    REQUIRE(append_values(*at.log, next, {"1"}, at.clock.now_ms()));
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    at.reopen();
    CHECK(read_all(*at.log, next).value() == std::vector<StoredValue>{{0, "1"}});
    CHECK(read_all(*at.log, kept).value().size() == kRecords / 10);
}
