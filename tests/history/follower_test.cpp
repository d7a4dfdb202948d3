// Goal: history holds what the log holds, message for message, also after kills at any point, and
// says what it could not take. Method: a log and a store in directories of their own; readers
// driven by hand where the point of the crash matters, by the pool where it does not.
#include "history/partition_reader.hpp"
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/history/follower.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t kArrivalMs = kStartUs / 1000;

struct Site {
    LogFixture log;
    StoreFixture history;
    PartitionId partition = log.make_stream("telemetry");

    Site() { history.from = partition; }

    void append(const std::vector<KeyedValue>& records,
                record::Compression compression = record::Compression::none) {
        WaitedGroup group;
        group.add_keyed(partition, records, kArrivalMs, compression);
        log.log->append(group);
        REQUIRE(group.wait());
    }
    [[nodiscard]] std::shared_ptr<history::PartitionReader> reader() {
        return std::make_shared<history::PartitionReader>(log.log->find_stream("telemetry"), 0,
                                                          *history.store, log.metrics);
    }
    // One fetch; false at the end of the log.
    bool step(history::PartitionReader& reader, std::size_t bytes_max = 2'000) {
        const auto fetched = log.log->fetch(partition, reader.position(), bytes_max).value();
        if (fetched.next_offset == reader.position()) return false;
        Result<void> result = ok();
        reader.step(fetched, [&result](Result<void> done) { result = std::move(done); });
        REQUIRE(result);
        return true;
    }
    void read_all() {
        const auto all = reader();
        while (step(*all)) {}
    }
};

std::string seconds_before(std::int64_t seconds) {
    return std::to_string(kStartUs / 1'000'000 - seconds);
}

} // namespace

TEST_CASE("messages of the log become rows of their devices", "[history]") {
    Site site;
    site.append(
        {{"lift-1", R"({"ts": )" + seconds_before(60) + R"(, "floor": 3, "door": {"open": true}})"},
         {"lift-2", "21.5"},
         {"lift-1",
          R"({"ts": )" + seconds_before(59) + R"(, "floor": 3.5, "door": {"open": false}})"},
         {"lift-1", std::nullopt},
         {"lift-2", "{ damaged"}});
    site.append({{"lift-2", "stuck"}}, record::Compression::zstd);
    site.read_all();
    CHECK(site.history.store->position(site.partition) == 6);
    CHECK(site.history.read("lift-1", {"floor", "door.open"}) ==
          Lines{"-60:3,true", "-59:3.5f,false"});
    CHECK(site.history.read("lift-2", {"value"}) == Lines{"0:21.5f", "0:'stuck'"});
    CHECK(site.log.metrics.render().find("holdfast_history_payloads_unreadable_total 1") !=
          std::string::npos);
}

TEST_CASE("history equals the log however often it is killed", "[history]") {
    Site site;
    std::mt19937_64 random(11);
    std::map<std::string, Lines> expected;
    std::shared_ptr<history::PartitionReader> reader = site.reader();
    int number = 0;
    for (int round = 0; round < 40; ++round) {
        std::vector<KeyedValue> records;
        for (int i = 0; i < 30; ++i, ++number) {
            const std::string device = "d" + std::to_string(random() % 5);
            const auto late = static_cast<std::int64_t>(random() % 3'000);
            const bool has_note = random() % 3 == 0;
            records.push_back(
                {device, fmt::format(R"({{"ts": {}, "n": {}{}}})", seconds_before(late), number,
                                     has_note ? R"(, "note": "x")" : "")});
            expected[device].push_back(
                fmt::format("{}:{},{}", -late, number, has_note ? "'x'" : "-"));
        }
        site.append(records);
        for (std::size_t steps = random() % 4; steps > 0 && site.step(*reader); --steps) {}
        if (random() % 5 == 0) REQUIRE(site.history.store->seal_all());
        if (random() % 4 != 0) continue;
        reader.reset();
        site.history.reopen();
        reader = site.reader();
    }
    while (site.step(*reader)) {}
    for (auto& [device, lines] : expected) {
        Lines found = site.history.read(device, {"n", "note"});
        const bool is_by_time = std::is_sorted(found.begin(), found.end(), [](auto& a, auto& b) {
            return std::stoll(a) < std::stoll(b);
        });
        CHECK(is_by_time);
        std::sort(found.begin(), found.end());
        std::sort(lines.begin(), lines.end());
        CHECK(found == lines);
    }
}

TEST_CASE("records that left the log before they were read are counted", "[history]") {
    Site site;
    site.append({{"d", "1"}});
    const auto reader = site.reader();
    reader->skipped_to(1'000, fail(Errc::not_found, "below the log start"));
    CHECK(site.history.store->position(site.partition) == 1'000);
    CHECK(site.log.metrics.render().find("holdfast_history_records_lost_total 1000") !=
          std::string::npos);
}

TEST_CASE("the follower takes up the streams that are wanted, and lets go of them", "[history]") {
    Site site;
    const PartitionId other = site.log.make_stream("other");
    site.append({{"d", R"({"v": 1})"}, {"d", R"({"v": 2})"}});
    log::ConsumerPool pool(*site.log.log, 1);
    bool wants_telemetry = true;
    history::Follower follower(
        {*site.log.log, pool, *site.history.store, site.log.metrics},
        [&](std::string_view name) { return name == "telemetry" && wants_telemetry; });
    follower.refresh();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (follower.lag() > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    CHECK(follower.lag() == 0);
    CHECK(site.history.read("d", {"v"}) == Lines{"0:1", "0:2"});
    CHECK(site.history.store->position(other) == 0);
    wants_telemetry = false;
    follower.refresh();
    site.append({{"d", R"({"v": 3})"}});
    CHECK(follower.lag() == 0); // of nothing
    CHECK(site.history.store->position(site.partition) == 2);
}
