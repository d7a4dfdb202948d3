// Goal: a write that fails stops history only until its database is opened anew: nothing is lost,
// comes twice, or is left out because a reader was ahead. Method: storage that fails at each of its
// calls in turn, or is full; rows told again from where the store says; a log that is followed.
#include "history/partition_reader.hpp"
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/kv/simulated_storage.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr int kRows = 120;

struct Site : StoreFixture {
    explicit Site(std::uint64_t seed) : disk(seed) {
        store.reset();
        std::filesystem::remove_all(options.directory);
        options.storage = disk.storage();
        start();
        for (int i = 0; i < kRows; ++i) expected.push_back(fmt::format("{0}:{0}", i));
    }
    kv::SimulatedStorage disk;
    std::vector<std::string> expected;

    // From where the store is; false where it took no more.
    bool tell_rest() {
        for (Offset at = store->position(from); at < kRows; ++at) {
            const auto number = static_cast<int>(at);
            const auto values = {with("n", number)};
            const history::NewRow row{"pump", second(number), second(number), at, values};
            if (!store->add(from, {&row, 1}, at + 1, at)) return false;
        }
        return store->seal_all().has_value();
    }
};

} // namespace

TEST_CASE("history goes on after a write that failed", "[history]") {
    for (std::uint64_t nth = 1; nth < 200; nth += 1 + nth / 3) {
        CAPTURE(nth);
        Site site(nth);
        site.disk.fail_after(nth);
        const bool is_whole = site.tell_rest();
        if (is_whole) {
            CHECK_FALSE(site.store->stopped());
            CHECK(site.read("pump", {"n"}) == site.expected);
            return;
        }
        REQUIRE(site.store->stopped());
        CHECK_FALSE(site.store->seal_all()); // and RocksDB is not asked
        CHECK_FALSE(site.store->reopen());   // it fails still
        site.disk.heal();
        REQUIRE(site.store->reopen());
        CHECK_FALSE(site.store->stopped());
        CHECK(site.tell_rest());
        CHECK(site.read("pump", {"n"}) == site.expected);
        CHECK(site.store->sealed_below(site.from) == kRows);
    }
    FAIL("no run passed without a failure");
}

TEST_CASE("a full disk stops history until there is room", "[history]") {
    Site site(1);
    site.disk.set_full(true);
    CHECK_FALSE(site.tell_rest());
    REQUIRE(site.store->stopped());
    site.disk.set_full(false);
    REQUIRE(site.store->reopen());
    CHECK(site.tell_rest());
    CHECK(site.read("pump", {"n"}) == site.expected);
}

TEST_CASE("a reading that is under way ends before the database is opened anew", "[history]") {
    Site site(1);
    CHECK(site.tell_rest());
    auto reading = site.store->read({site.from.stream, "pump", {"n"}});
    site.disk.fail_after(1);
    site.tell_at(kRows, "pump", second(kRows), {with("n", kRows)});
    CHECK_FALSE(site.store->seal_all());
    site.disk.heal();
    const auto reopened = site.store->reopen();
    REQUIRE(!reopened);
    CHECK(reopened.error().code == Errc::closed);
    CHECK(site.store->stopped());
    history::ScanBatch batch;
    std::size_t rows = 0;
    while (reading->next(batch).value()) rows += batch.rows(); // as if nothing had been
    CHECK(rows == kRows);
    history::ScanBatch none;
    const auto refused = site.store->read({site.from.stream, "pump", {"n"}})->next(none);
    REQUIRE(!refused);
    CHECK(refused.error().code == Errc::io);
    reading.reset();
    REQUIRE(site.store->reopen());
    CHECK(site.store->position(site.from) == kRows); // what was in memory is to be told again
    CHECK(site.read("pump", {"n"}) == site.expected);
}

TEST_CASE("what was fetched before the store was opened anew leaves no gap", "[history]") {
    Site site(1);
    LogFixture log;
    site.from = log.make_stream("telemetry");
    const auto append = [&](int number) {
        REQUIRE(append_keyed(*log.log, site.from,
                             {{"pump", fmt::format(R"({{"ts": {}, "n": {}}})",
                                                   kStartUs / 1'000'000 + number, number)}}));
    };
    for (int i = 0; i < 10; ++i) append(i);
    history::PartitionReader reader(log.log->find_stream("telemetry"), 0, *site.store, log.metrics);
    const auto step = [&](const log::Fetched& fetched) {
        Result<void> result = ok();
        reader.step(fetched, [&result](Result<void> done) { result = std::move(done); });
        return result;
    };
    const auto fetch = [&] {
        return log.log->fetch(site.from, reader.position(), 1U << 16U).value();
    };
    REQUIRE(step(fetch()));
    append(10);
    const auto ahead = fetch();
    site.disk.fail_after(1);
    CHECK_FALSE(site.store->seal_all());
    site.disk.heal();
    REQUIRE(site.store->reopen());
    CHECK_FALSE(step(ahead));
    REQUIRE(step(fetch()));
    CHECK(site.read("pump", {"n"}).size() == 11);
}
