// Goal: a file that is written is there whole or as it was, for whom it is meant, and what cannot
// be written or read is named. Method: files in a temporary directory.
#include <holdfast/base/whole_file.hpp>
#include <support/temp_dir.hpp>

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <fstream>

using namespace holdfast;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
    const auto bytes = read_whole(file, 1000);
    if (!bytes) return bytes.error().context;
    return std::string(as_text(bytes.value()));
}

mode_t mode_of(const fs::path& file) {
    struct stat found{};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    return found.st_mode & 0777U;
}

} // namespace

TEST_CASE("a file is replaced whole, and what it was may be kept", "[base][whole_file]") {
    const test::TempDir dir;
    const fs::path file = dir.path() / "keys";
    const WholeFile how{.mode = 0600, .keeps_owner = true, .old_ending = ".old"};
    REQUIRE(write_whole(file, as_bytes("one"), how));
    CHECK(read(file) == "one");
    CHECK(mode_of(file) == 0600U);
    CHECK_FALSE(fs::exists(dir.path() / "keys.old"));
    std::ofstream(dir.path() / "keys.new") << "half of a write that was cut sho";
    REQUIRE(write_whole(file, as_bytes("two"), how));
    CHECK(read(file) == "two");
    CHECK(read(dir.path() / "keys.old") == "one");
    CHECK_FALSE(fs::exists(dir.path() / "keys.new"));
}

TEST_CASE("what lies in the way of a write is not followed", "[base][whole_file]") {
    const test::TempDir dir;
    std::ofstream(dir.path() / "other") << "somebody's";
    fs::create_symlink(dir.path() / "other", dir.path() / "file.new");
    REQUIRE(write_whole(dir.path() / "file", as_bytes("mine")));
    CHECK(read(dir.path() / "other") == "somebody's");
    CHECK(read(dir.path() / "file") == "mine");
}

TEST_CASE("a file that cannot be put in its place leaves nothing", "[base][whole_file]") {
    const test::TempDir dir;
    const fs::path place = dir.path() / "place";
    fs::create_directories(place / "full");
    const auto refused = write_whole(place, as_bytes("text"));
    CHECK(refused.error().code == Errc::io);
    CHECK_THAT(refused.error().context, Contains("cannot replace " + place.string()));
    CHECK_FALSE(fs::exists(dir.path() / "place.new"));
    const auto nowhere = write_whole(dir.path() / "none" / "file", as_bytes("text"));
    CHECK(nowhere.error().code == Errc::io);
    CHECK_THAT(nowhere.error().context, Contains("none/file.new"));
}

TEST_CASE("a new file is never one that was there", "[base][whole_file]") {
    const test::TempDir dir;
    REQUIRE(write_new(dir.path() / "file", as_bytes("one"), 0644));
    CHECK(write_new(dir.path() / "file", as_bytes("two"), 0644).error().code ==
          Errc::already_exists);
    CHECK(read(dir.path() / "file") == "one");
}

TEST_CASE("what cannot be read says why", "[base][whole_file]") {
    const test::TempDir dir;
    CHECK(read_whole(dir.path() / "none", 10).error().code == Errc::not_found);
    CHECK(read_whole(dir.path(), 10).error().code == Errc::io);
    REQUIRE(::mkfifo((dir.path() / "pipe").c_str(), 0600) == 0);
    CHECK(read_whole(dir.path() / "pipe", 10).error().code == Errc::io); // and does not wait
    std::ofstream(dir.path() / "long") << "eleven bytes";
    const auto refused = read_whole(dir.path() / "long", 10);
    CHECK(refused.error().code == Errc::too_large);
    CHECK_THAT(refused.error().context, Contains("12 bytes; at most 10"));
}
