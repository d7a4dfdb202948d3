// Goal: a file that was changed, replaced, removed or made is noticed once.
#include "app/file_watch.hpp"
#include "support/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace holdfast;

TEST_CASE("what was done to a file is noticed once", "[app]") {
    const test::TempDir dir;
    const auto file = dir.path() / "users";
    const auto write = [](const std::filesystem::path& to, const char* text) {
        std::ofstream(to) << text;
    };
    app::FileWatch watch({file, dir.path() / "never"});
    CHECK_FALSE(watch.has_changed());

    write(file, "a");
    CHECK(watch.has_changed());
    CHECK_FALSE(watch.has_changed());

    write(file, "longer");
    CHECK(watch.has_changed());

    // another file of the same size, moved into its place, as users are changed
    write(dir.path() / "new", "LONGER");
    std::filesystem::rename(dir.path() / "new", file);
    CHECK(watch.has_changed());
    CHECK_FALSE(watch.has_changed());

    std::filesystem::remove(file);
    CHECK(watch.has_changed());
    CHECK_FALSE(watch.has_changed());
}
