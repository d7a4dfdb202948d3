// Goal: a device that is erased goes from history and log, whatever interrupts it, and comes back
// from neither; all others stay, and what it says later is kept. Method: a log, a store and what
// follows in directories of their own; the process ends at random points, the power goes, history
// is lost.
#include "history/erasure_codec.hpp"
#include "history/store_fixture.hpp"
#include "log/file_bytes.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/history/device_erasures.hpp>
#include <holdfast/history/keyspace.hpp>
#include <holdfast/kv/simulated_storage.hpp>
#include <holdfast/log/state_write.hpp>

#include <catch2/catch.hpp>

#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t kNowMs = kStartUs / 1000;

// What runs while the process lives.
struct Running {
    Running(LogFixture& log, StoreFixture& history, std::vector<history::Erasure>& done)
        : pool(*log.log, 1),
          follower({*log.log, pool, *history.store, log.metrics},
                   [](std::string_view) { return true; }),
          erasures({*log.log, *history.store, follower}, [&done, this](const auto& what) {
              const std::lock_guard lock(mutex);
              done.push_back(what);
          }) {
        REQUIRE(erasures.start());
    }
    std::mutex mutex; // of `done`
    log::ConsumerPool pool;
    history::Follower follower;
    history::DeviceErasures erasures;
};

struct Site {
    explicit Site(std::uint64_t seed = 1) : random(seed), disk(seed), log(disk.storage()) {
        partition = log.make_stream("telemetry", 2);
        history.from = partition;
        start();
    }
    std::mt19937_64 random;
    kv::SimulatedStorage disk; // of the log
    LogFixture log;
    StoreFixture history;
    PartitionId partition;
    std::vector<history::Erasure> done;
    std::unique_ptr<Running> running;
    std::map<std::string, Lines> expected; // by device
    int number = 0;

    void start() { running = std::make_unique<Running>(log, history, done); }
    void say(const std::string& device, int count) {
        for (int i = 0; i < count; ++i, ++number) {
            WaitedGroup group;
            group.add_keyed({partition.stream, static_cast<PartitionIndex>(number % 2)},
                            {{device, fmt::format(R"({{"ts": {}, "n": {}}})",
                                                  kStartUs / 1'000'000 + number, number)}},
                            kNowMs);
            log.log->append(group);
            REQUIRE(group.wait());
            expected[device].push_back(fmt::format("{0}:{0}", number));
        }
    }
    void say_among_others(int count) {
        for (int i = 0; i < count; ++i) say(fmt::format("pump-{}", random() % 4), 1);
    }
    void ask(const std::string& device = "pump-1") {
        REQUIRE(running->erasures.ask(partition.stream, device, "ann", "::1", kNowMs));
        expected.erase(device);
    }
    void crash() {
        disk.cut_power();
        running.reset();
        log.log.reset();
        history.store.reset();
        disk.restore();
        log.start();
    }
    void catch_up() {
        running->follower.refresh();
        CHECK(comes_true([&] { return running->follower.lag() == 0; }));
    }
    void finish() {
        running->follower.refresh();
        CHECK(comes_true([&] { return running->erasures.under_way().empty(); }));
        catch_up();
    }
    void check() {
        for (int i = 0; i < 4; ++i) {
            const std::string device = fmt::format("pump-{}", i);
            CHECK(history.read(device, {"n"}) == expected[device]);
            CHECK(in_log(device) == expected[device].size());
        }
        CHECK(history.store->erasures().empty());
    }
    [[nodiscard]] std::size_t in_log(const std::string& device) const {
        std::size_t count = 0;
        for (const PartitionIndex index : {0U, 1U}) {
            const auto stored = read_keyed(*log.log, {partition.stream, index}).value();
            for (const StoredRecord& each : stored) count += each.record.key == device ? 1 : 0;
        }
        return count;
    }
};

} // namespace

TEST_CASE("a device is erased from history and log, and what went is told", "[history]") {
    Site site;
    site.say_among_others(60);
    site.catch_up();
    const std::size_t went = site.expected["pump-1"].size();
    site.ask();
    site.finish();
    site.check();
    REQUIRE(site.done.size() == 1);
    CHECK(site.done[0].device == "pump-1");
    CHECK(site.done[0].actor == "ann");
    CHECK(site.done[0].rows == went);
    CHECK(site.done[0].records == went);
    site.say("pump-1", 3);
    site.catch_up();
    site.check();
}

TEST_CASE("history that is built anew from the log has nothing of an erased device", "[history]") {
    Site site;
    site.say_among_others(40);
    site.catch_up();
    site.ask();
    const bool is_done = GENERATE(true, false);
    if (is_done) site.finish();
    site.running.reset();
    site.history.store.reset();
    std::filesystem::remove_all(site.history.options.directory);
    site.history.start();
    site.start();
    site.finish();
    site.check();
}

TEST_CASE("erasures go on after crashes until they are done", "[history]") {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        CAPTURE(seed);
        Site site(seed);
        site.say_among_others(30);
        if (seed % 2 == 0) site.catch_up();
        site.ask();
        // Somewhere in the middle, at another point each time.
        for (int crashes = 0; crashes < 2; ++crashes) {
            site.disk.fail_after(1 + site.random() % 12);
            if (crashes == 1) site.running->follower.refresh();
            const auto before = site.disk.writes_and_syncs();
            CHECK(comes_true([&] {
                return site.running->erasures.under_way().empty() ||
                       site.disk.writes_and_syncs() > before + site.random() % 8;
            }));
            site.crash();
            site.history.start();
            site.start();
        }
        site.say_among_others(6);
        site.finish();
        site.check();
    }
}

TEST_CASE("an erasure that cannot be read is not taken for one that ended", "[history]") {
    Site site;
    site.say("pump-1", 5);
    site.say("pump-2", 5);
    site.catch_up();
    site.running.reset();
    const StreamId stream = site.partition.stream;
    REQUIRE(site.history.store->erase(stream, "pump-1", {{0, 10}, {1, 10}}));
    REQUIRE(site.history.store->erase(stream, "pump-2", {{0, 10}, {1, 10}}));
    const std::string key = history::erasure_state_key(stream, "pump-1");
    REQUIRE(log::StateWrite::write(*site.log.log, {{history::kErasuresKeyspace, key, "?"}}));
    site.start();
    REQUIRE(site.history.store->erasures().size() == 1);
    CHECK(site.history.store->erasures()[0].second == "pump-1");
}

TEST_CASE("what a device says while it is erased belongs to the one or the other", "[history]") {
    Site site;
    site.say("pump-1", 5);
    site.ask();
    site.say("pump-1", 20);
    const auto nobody =
        site.running->erasures.ask(site.partition.stream, "pump-2", "ann", "::1", kNowMs);
    CHECK(nobody.error().code == Errc::not_found);
    site.finish();
    const Lines left = site.history.read("pump-1", {"n"});
    CHECK(left.size() == site.in_log("pump-1"));
    CHECK(left.size() <= 20);
    site.ask();
    site.finish();
    CHECK(site.in_log("pump-1") == 0);
    site.check();
}

TEST_CASE("an erasure in a stream that goes ends, and in none is refused", "[history]") {
    Site site;
    site.say("pump-1", 5);
    site.catch_up();
    CHECK(site.running->erasures.ask(StreamId{99}, "pump-1", "", "", 0).error().code ==
          Errc::not_found);
    site.ask();
    (void)site.log.log->delete_stream("telemetry");
    site.finish();
    CHECK(site.history.store->devices(site.partition.stream).empty());
}
