// Goal: history takes in time what the log lets go, says where it cannot, stays with a copy that a
// backup makes, and makes room. Method: a log and a store in directories of their own; what
// retention held is told by hand.
#include "app/parts/history_keeping.hpp"
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/config/config.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;

namespace {

config::Config config_of(const std::filesystem::path& data_dir) {
    config::Config config = config::defaults();
    config.data_dir = data_dir;
    config.limits.disk_bytes = 64U << 20U;
    config.history.behind_bytes_max = 1000;
    return config;
}

struct Kept {
    LogFixture log;
    StoreFixture history; // in `history` of its directory, as a data directory has it
    PartitionId from = log.make_stream("telemetry");
    log::ConsumerPool pool{*log.log, 1};
    history::Follower follower{{*log.log, pool, *history.store, log.metrics},
                               [](std::string_view) { return true; }};
    app::Ground ground{config_of(history.directory.path())};
    app::HistoryKeeping keeping{ground, *history.store, follower};

    void tell(int rows) {
        for (int i = 0; i < rows; ++i)
            history.tell("d", second(static_cast<std::int64_t>(history.next)), {with("n", i)});
    }
    [[nodiscard]] Offset wanted() { return keeping.wanted().from.at(from); }
};

} // namespace

TEST_CASE("what is due and was read is sealed at once", "[app][history]") {
    Kept at;
    REQUIRE(at.from == at.history.from);
    CHECK(at.wanted() == 0);
    at.tell(10);
    at.keeping.held({{{at.from, 5}}, 100, 0});
    CHECK(at.wanted() == 10);
    CHECK(at.keeping.wanted().bytes_max == 1000);
    // What was not read yet is sealed as far as it was, but not at every run.
    at.tell(3);
    at.keeping.held({{{at.from, 50}}, 100, 0});
    const Offset after_one = at.wanted();
    at.tell(3);
    at.keeping.held({{{at.from, 50}}, 100, 0});
    CHECK(at.wanted() == after_one);
    CHECK_THAT(at.ground.metrics.render(), Contains("holdfast_history_log_held_bytes 100\n"));
    at.keeping.held({{}, 0, 70});
    CHECK_THAT(at.ground.metrics.render(),
               Contains("holdfast_history_log_held_bytes 0\n") &&
                   Contains("holdfast_history_log_released_bytes_total 70\n"));
}

TEST_CASE("while a backup is made the log keeps what the copy has not got", "[app][history]") {
    Kept at;
    at.tell(10);
    REQUIRE(at.history.store->seal_all());
    const auto copy = at.history.directory.path() / "history.checkpoint";
    REQUIRE(at.keeping.checkpoint(copy));
    CHECK(std::filesystem::exists(copy / "CURRENT"));
    at.tell(10);
    REQUIRE(at.history.store->seal_all());
    CHECK(at.wanted() == 10);
    const PartitionId later = at.log.make_stream("later");
    CHECK(at.keeping.wanted().from.at(later) == 0);
    at.keeping.release();
    CHECK(at.wanted() == 20);
}

TEST_CASE("the oldest weeks go where history takes more than half of the disk's bound",
          "[app][history]") {
    Kept at;
    constexpr std::int64_t kWeekUs = 7 * kDayUs;
    for (int week = 0; week < 4; ++week)
        at.history.tell("d", kStartUs + week * kWeekUs, {with("n", week)});
    REQUIRE(at.history.store->seal_all());
    const auto rows = [&] { return at.history.read("d", {"n"}).size(); };
    const std::filesystem::path ballast = at.history.options.directory / "ballast";
    std::ofstream(ballast) << "x";
    std::filesystem::resize_file(ballast, 20U << 20U);
    REQUIRE(at.keeping.make_room(50U << 20U)); // the log is what is large
    CHECK(rows() == 4);
    std::filesystem::resize_file(ballast, 40U << 20U);
    REQUIRE(at.keeping.make_room(1U << 20U)); // large, but there is room
    CHECK(rows() == 4);
    for (int again = 0; again < 6; ++again) REQUIRE(at.keeping.make_room(30U << 20U));
    CHECK(rows() == 1); // the last week stays
}
