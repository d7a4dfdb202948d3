// Goal: damaged records never stop the start and never come back as good; damaged metadata, a
// newer format and a directory in use do stop it, by name. Method: bytes flipped in closed files.
#include "log/log_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <vector>

using namespace holdfast;
using namespace holdfast::test;

namespace {

std::vector<std::filesystem::path> files_with(const std::filesystem::path& directory,
                                              std::string_view part) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.path().filename().string().find(part) != std::string::npos)
            found.push_back(entry.path());
    return found;
}

std::filesystem::path largest(const std::vector<std::filesystem::path>& files) {
    std::filesystem::path best = files.at(0);
    for (const auto& file : files)
        if (std::filesystem::file_size(file) > std::filesystem::file_size(best)) best = file;
    return best;
}

void flip(const std::filesystem::path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(old ^ 0x55));
}

// 30 batches of three records, 20 KB each: they fit the memtable, and lie in the write-ahead log.
PartitionId fill(LogFixture& at) {
    const PartitionId a = at.make_stream("a");
    for (int i = 0; i < 30; ++i)
        REQUIRE(append_values(*at.log, a, {std::string(20'000, 'v'), "y", "z"}));
    return a;
}

// Reads around what is damaged; how many records came.
std::size_t read_around_damage(const log::Log& log, PartitionId a, int& damages) {
    std::size_t count = 0;
    const Offset end = log.bounds(a).value().high_watermark;
    for (Offset from = 0; from < end;) {
        auto fetched = log.fetch(a, from, 1000);
        if (fetched) {
            count += values_of(fetched.value().batches, from).value().size();
            from = fetched.value().next_offset;
            continue;
        }
        REQUIRE(fetched.error().code == Errc::corrupt);
        CHECK(fetched.error().context.find("a/0: offsets " + std::to_string(from) + " to ") == 0);
        ++damages;
        const Offset resume = log.readable_after(a, from).value();
        REQUIRE(resume > from);
        from = resume;
    }
    return count;
}

} // namespace

TEST_CASE("a flipped byte in the write-ahead log loses what it hit and no offset comes twice",
          "[log][damage]") {
    LogFixture at;
    const PartitionId a = fill(at);
    at.log.reset();
    const auto wal = largest(files_with(at.path(), ".log"));
    flip(wal, std::filesystem::file_size(wal) / 2);

    at.start();
    int damages = 0;
    const std::size_t count = read_around_damage(*at.log, a, damages);
    CHECK(count >= 36); // at least what lies before the flip
    CHECK(count < 90);
    CHECK(damages >= 1); // what the flip took, up to the highest offset that was given out
    const Offset next = append_values(*at.log, a, {"next"}).value();
    CHECK(next >= 90);
    at.reopen();
    CHECK(read_all(*at.log, a, next).value() == std::vector<StoredValue>{{next, "next"}});
    CHECK(append_values(*at.log, a, {"more"}).value() == next + 1);
}

TEST_CASE("a flipped byte in a table damages some batches, never the start", "[log][damage]") {
    LogFixture at;
    const PartitionId a = fill(at);
    at.reopen(); // recovery writes the log out to tables
    at.log.reset();
    const auto table = largest(files_with(at.path(), ".sst"));
    REQUIRE(std::filesystem::file_size(table) > 500'000);
    flip(table, 300'000);

    at.start();
    CHECK(at.log->bounds(a).value().high_watermark == 90);
    int damages = 0;
    const std::size_t count = read_around_damage(*at.log, a, damages);
    CHECK(damages == 1);
    CHECK(count >= 80);
    CHECK(count < 90);
    CHECK(append_values(*at.log, a, {"next"}).value() == 90);
}

TEST_CASE("a table that cannot be opened at all does not stop the start", "[log][damage]") {
    LogFixture at;
    const PartitionId a = fill(at);
    at.reopen();
    at.log.reset();
    const auto table = largest(files_with(at.path(), ".sst"));
    flip(table, std::filesystem::file_size(table) - 3); // the footer's magic number

    at.start();
    int damages = 0;
    CHECK(read_around_damage(*at.log, a, damages) == 0);
    CHECK(damages == 1);
    CHECK(append_values(*at.log, a, {"next"}).value() >= 90);
}

TEST_CASE("damaged metadata stops the start, by name", "[log][damage]") {
    LogFixture at;
    fill(at);
    at.reopen();
    at.log.reset();
    SECTION("the manifest") {
        const auto manifest = largest(files_with(at.path(), "MANIFEST"));
        flip(manifest, std::filesystem::file_size(manifest) / 2);
    }
    SECTION("the format file") {
        flip(at.path() / "FORMAT", 3);
    }
    SECTION("no format file") {
        std::filesystem::remove(at.path() / "FORMAT");
    }
    const auto opened = at.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::corrupt);
    CHECK(opened.error().context.find(at.path().string()) != std::string::npos);
}

TEST_CASE("a newer format is refused with both versions", "[log][damage]") {
    LogFixture at;
    at.log.reset();
    std::ofstream(at.path() / "FORMAT") << "holdfast log format 7\n";
    const auto opened = at.open();
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::not_supported);
    CHECK(opened.error().context.find("format 7") != std::string::npos);
    CHECK(opened.error().context.find("up to 4") != std::string::npos);
}

TEST_CASE("a directory in use is refused, naming the lock", "[log][damage]") {
    LogFixture at;
    const auto second = at.open();
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::io);
    CHECK(second.error().context.find("LOCK") != std::string::npos);
}
