// Goal: what a crash leaves behind the last whole write of a write-ahead log is told from damage,
// byte for byte. Method: the files of a database that was copied while open, cut and changed.
#include "kv/wal_tail.hpp"
#include "kv/storage_access.hpp"
#include "support/temp_dir.hpp"

#include <holdfast/kv/database.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

using namespace holdfast;

namespace {

// A write-ahead log as a crash leaves it: `sizes` of values, one write each.
std::string log_of(const std::vector<std::size_t>& sizes) {
    const test::TempDir directory;
    kv::DatabaseOptions options;
    options.directory = directory.path();
    options.write_buffer_bytes = 1U << 20U;
    const auto database = kv::Database::open(options).value();
    int key = 100;
    for (const std::size_t size : sizes) {
        kv::WriteBatch batch;
        batch.put(database->family("default"), as_bytes(std::to_string(key++)),
                  as_bytes(std::string(size, 'v')));
        REQUIRE(database->write(batch, true));
    }
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        if (entry.path().extension() != ".log") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    FAIL("the database has no write-ahead log");
    return {};
}

std::uint64_t written_bytes(const std::string& log) {
    return log.find_last_not_of('\0') + 1; // values end in 'v'
}

std::optional<kv::WalTail> tail_of(const std::string& log) {
    const test::TempDir directory;
    const auto path = directory.path() / "000004.log";
    std::ofstream(path, std::ios::binary) << log;
    return kv::find_wal_tail(*kv::local_storage()->access().files, path.string()).value();
}

std::string blank_from(std::string log, std::uint64_t at) {
    std::fill(log.begin() + static_cast<std::ptrdiff_t>(at), log.end(), '\0');
    return log;
}

} // namespace

TEST_CASE("a log that was not closed ends where its last write does", "[kv][wal]") {
    const std::string log = log_of({10, 1000, 100'000, 20});
    const std::uint64_t end = written_bytes(log);
    REQUIRE(log.size() > end + 100'000); // allocated ahead
    CHECK(tail_of(log) == kv::WalTail{end, false});
    CHECK(tail_of(log.substr(0, end + 3)) == std::nullopt); // too short for a header: padding
    CHECK(tail_of(log.substr(0, end)) == std::nullopt);     // as closing leaves it
    CHECK(tail_of("") == std::nullopt);
    CHECK(tail_of(std::string(100'000, '\0')) == kv::WalTail{0, false});
}

TEST_CASE("a write that is cut at any sector is torn", "[kv][wal]") {
    const std::string log = log_of({3000, 100'000}); // the second spans four blocks
    const std::uint64_t end = written_bytes(log);
    const std::uint64_t first_end = log.find('v', 0) + 3000;
    for (std::uint64_t cut = (first_end / 512 + 1) * 512; cut < end; cut += 512) {
        CAPTURE(cut);
        REQUIRE(tail_of(blank_from(log, cut)) == kv::WalTail{first_end, true});
    }
    CHECK(tail_of(blank_from(log, first_end)) == kv::WalTail{first_end, false});
}

TEST_CASE("what a sector of the last write does not explain is damage", "[kv][wal]") {
    std::string log = log_of({3000, 3000, 3000});
    const std::uint64_t end = written_bytes(log);
    SECTION("a changed byte in the last write") {
        log[end - 100] ^= 0x10;
    }
    SECTION("a changed byte in a write before") {
        log[end - 4000] ^= 0x10;
    }
    SECTION("a blank sector, and a whole write behind it") {
        const std::uint64_t sector = (end - 5000) / 512 * 512;
        std::fill_n(log.begin() + static_cast<std::ptrdiff_t>(sector), 512, '\0');
    }
    CHECK(tail_of(log) == std::nullopt);
}

TEST_CASE("a blank start of a block is damage where a later block reads", "[kv][wal]") {
    std::string log = log_of({30'000, 30'000, 30'000, 30'000});
    // The second block's first record and all behind it, up to the next block.
    std::fill_n(log.begin() + 32'768, 32'768, '\0');
    CHECK(tail_of(log) == std::nullopt);
}

TEST_CASE("a record that reads where none may stand is damage", "[kv][wal]") {
    const std::string log = log_of({100'000}); // first, middle, middle, last
    CHECK(tail_of(log.substr(32'768) + std::string(600, '\0')) == std::nullopt);
    CHECK(tail_of(log.substr(0, 32'768) + log.substr(0, 32'768) + std::string(600, '\0')) ==
          std::nullopt);
}

TEST_CASE("a torn write is left out at the next opening, and only that", "[kv][wal]") {
    const test::TempDir directory;
    const std::string torn = blank_from(log_of({3000, 100'000}), 65'536);
    kv::DatabaseOptions options;
    options.directory = directory.path();
    { const auto made = kv::Database::open(options).value(); }
    for (const auto& entry : std::filesystem::directory_iterator(directory.path()))
        if (entry.path().extension() == ".log")
            std::ofstream(entry.path(), std::ios::binary) << torn;
    const auto check = [&](bool read_only) {
        options.read_only = read_only;
        const auto database = kv::Database::open(options).value();
        const auto family = database->family("default");
        CHECK(database->get(family, as_bytes("100")).value().value_or("").size() == 3000);
        CHECK_FALSE(database->get(family, as_bytes("101")).value());
    };
    check(true); // changes nothing
    check(false);
    check(true);
}

TEST_CASE("opening for reading beside a busy writer never sees damage", "[kv][wal]") {
    const test::TempDir directory;
    kv::DatabaseOptions options;
    options.directory = directory.path();
    const auto database = kv::Database::open(options).value();
    std::atomic<bool> stop = false;
    std::atomic<int> written = 0;
    std::thread writer([&] {
        for (int i = 0; !stop; ++i) {
            kv::WriteBatch batch;
            batch.put(database->family("default"), as_bytes(std::to_string(i % 100)),
                      as_bytes(std::string(10'000 + static_cast<std::size_t>(i) % 50'000, 'v')));
            if (!database->write(batch, true)) return;
            ++written;
        }
    });
    auto reading = options;
    reading.read_only = true;
    for (int i = 0; i < 20; ++i) {
        const auto opened = kv::Database::open(reading);
        INFO((opened ? "" : opened.error().context));
        CHECK(opened);
    }
    stop = true;
    writer.join();
    CHECK(written > 0);
}
