// Goal: a damaged type byte in a write-ahead log never keeps an open from ending. Method: every
// byte of the types of its records is made one of a recycled log's, as one flipped bit does.
#include "support/temp_dir.hpp"

#include <holdfast/kv/database.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace holdfast;

namespace {

constexpr int kRecords = 40;
constexpr std::size_t kValueBytes = 3000;

kv::DatabaseOptions options_for(const std::filesystem::path& directory, kv::Salvage salvage) {
    kv::DatabaseOptions options;
    options.directory = directory;
    options.salvage = salvage;
    return options;
}

// A database as a crash leaves it, copied while it was open; gives its write-ahead log.
std::filesystem::path make_crashed(const std::filesystem::path& directory) {
    const test::TempDir living;
    const auto database = kv::Database::open(options_for(living.path(), kv::Salvage::none)).value();
    for (int i = 0; i < kRecords; ++i) {
        kv::WriteBatch batch;
        batch.put(database->family("default"), as_bytes(std::to_string(100 + i)),
                  as_bytes(std::string(kValueBytes, 'v')));
        REQUIRE(database->write(batch, true));
    }
    std::filesystem::copy(living.path(), directory, std::filesystem::copy_options::recursive);
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        if (entry.path().extension() == ".log") return entry.path();
    FAIL("the database has no write-ahead log");
    return {};
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

TEST_CASE("an open that skips damage ends, whatever the type of a record became", "[kv][wal]") {
    const test::TempDir directory;
    const auto path = make_crashed(directory.path());
    std::string log = bytes_of(path);
    // The third block's first record continues one of the block before.
    const std::size_t type_at = GENERATE(6U, 2U * 32'768U + 6U);
    const char type = GENERATE(char{5}, char{6}, char{7}, char{8});
    log[type_at] = type;
    std::ofstream(path, std::ios::binary) << log;

    for (const auto salvage : {kv::Salvage::none, kv::Salvage::skip_damage}) {
        const auto opened = kv::Database::open(options_for(directory.path(), salvage));
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().code == Errc::corrupt);
        CHECK_THAT(opened.error().context, Catch::Contains("claims to be another log's"));
    }
    const auto cut = kv::Database::open(options_for(directory.path(), kv::Salvage::stop_at_damage));
    REQUIRE(cut.has_value());
    const bool is_first_kept =
        cut.value()->get(cut.value()->family("default"), as_bytes("100")).value().has_value();
    CHECK(is_first_kept == (type_at != 6));
}
