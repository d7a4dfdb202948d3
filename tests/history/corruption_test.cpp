// Goal: whatever is wrong with history's files, no value that it gives is wrong: it is as it was
// sent, or the read, or the start, fails with a reason. Method: a history on the disk, one random
// harm to one of its files, then it is opened, told the log from its checkpoint on, and read whole.
// HOLDFAST_HISTORY_CORRUPTIONS chooses how many, HOLDFAST_HISTORY_SEED which.
#include "history/harm.hpp"
#include "history/store_fixture.hpp"

#include <holdfast/base/log_line.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

namespace fs = std::filesystem;

constexpr Offset kMessages = 3'000;

// Message `at` of the log. Every value tells which it is.
void tell(StoreFixture& history, Offset at) {
    const auto number = static_cast<int>(at);
    const std::string text = "t" + std::to_string(at % 7);
    history.tell_at(at, "d" + std::to_string(at % 3), second(at),
                    {with("n", number), with("f", number / 4.0), with("s", text)});
}

std::string expected_line(Offset at) {
    const auto number = static_cast<double>(at);
    return fmt::format("{}:{},{}f,'t{}'", at, at, number / 4.0, at % 7);
}

} // namespace

TEST_CASE("no value of a damaged history is wrong", "[history]") {
    set_log_level(LogLevel::error);
    const char* given = std::getenv("HOLDFAST_HISTORY_CORRUPTIONS");
    const long rounds = given ? std::atol(given) : 25;
    const char* given_seed = std::getenv("HOLDFAST_HISTORY_SEED");
    const auto seed = given_seed ? std::strtoull(given_seed, nullptr, 10) : 0;
    StoreFixture sound;
    sound.options.partition_us = 600'000'000; // ten minutes: several families
    sound.options.database_bytes = 512U << 10U;
    sound.reopen();
    for (Offset at = 0; at < kMessages; ++at) tell(sound, at);
    REQUIRE(sound.store->seal_all());
    sound.store.reset();
    for (int again = 0; again < 2; ++again) { // what an open flushes becomes tables
        sound.start();
        sound.store.reset();
    }
    long failed = 0;
    for (long round = 0; round < rounds; ++round) {
        std::mt19937_64 random(seed + static_cast<std::uint64_t>(round));
        StoreFixture history;
        history.store.reset();
        fs::remove_all(history.options.directory);
        fs::copy(sound.options.directory, history.options.directory, fs::copy_options::recursive);
        history.options.partition_us = sound.options.partition_us;
        const auto files = files_of(history.options.directory);
        const std::string what = harm(files[random() % files.size()], random);
        CAPTURE(round, what);
        auto opened = history::Store::open(history.options, history.memory, history.metrics);
        if (!opened) {
            CHECK_FALSE(opened.error().context.empty());
            ++failed;
            continue;
        }
        history.store = std::move(opened).value();
        for (Offset at = history.store->position(history.from); at < kMessages; ++at)
            tell(history, at);
        for (int device = 0; device < 3; ++device) {
            const auto lines = history.read("d" + std::to_string(device), {"n", "f", "s"});
            REQUIRE_FALSE(lines.empty());
            const bool is_whole = !lines.back().starts_with("error: ");
            failed += is_whole ? 0 : 1;
            const std::size_t rows = is_whole ? lines.size() : lines.size() - 1;
            for (std::size_t row = 0; row < rows; ++row)
                REQUIRE(lines[row] == expected_line(static_cast<Offset>(row) * 3 + device));
            if (is_whole) REQUIRE(rows == kMessages / 3);
        }
    }
    INFO("of " << rounds
               << " harmed histories and three reads of each, failed with a reason: " << failed);
    CHECK(failed < rounds * 3);
    set_log_level(LogLevel::info);
}
