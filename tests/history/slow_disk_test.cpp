// Goal: while the disk syncs, which may take long, history is read and takes rows; and what is
// stored meanwhile does not pass for durable. Method: storage whose syncs wait until they are let
// go, a thread that makes history sync, and everything else asked meanwhile.
#include "history/store_fixture.hpp"

#include <holdfast/kv/simulated_storage.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::chrono::seconds kLongest{60}; // of what would wait for ever

struct Site : StoreFixture {
    Site() {
        store.reset();
        std::filesystem::remove_all(options.directory);
        options.storage = disk.storage();
        start();
        // The time partition is there before syncs wait: a new one is synced where it is made.
        tell("pump", second(0), {with("n", 0)});
        tell("fan", second(0), {with("n", 0)});
        REQUIRE(store->seal_all());
    }
    kv::SimulatedStorage disk{1};
};

// Lets syncs go, however a test ends: the thread that waits for one is waited for.
class SlowSync {
public:
    SlowSync(kv::SimulatedStorage& disk, std::function<bool()> syncing) : disk_(disk) {
        disk_.hold_syncs(true);
        syncing_ = std::async(std::launch::async, std::move(syncing));
        disk_.wait_for_held_sync();
    }
    ~SlowSync() { disk_.hold_syncs(false); }
    bool end() {
        disk_.hold_syncs(false);
        return syncing_.get();
    }

private:
    kv::SimulatedStorage& disk_;
    std::future<bool> syncing_;
};

bool ends(std::function<void()> work) {
    // Not of std::async: its future would wait for what does not end.
    auto done = std::make_shared<std::promise<void>>();
    auto future = done->get_future();
    std::thread([done, work = std::move(work)] {
        work();
        done->set_value();
    }).detach();
    return future.wait_for(kLongest) == std::future_status::ready;
}

} // namespace

TEST_CASE("history is read and takes rows while it syncs", "[history]") {
    Site site;
    site.tell("pump", second(1), {with("n", 1)});
    SlowSync sync(site.disk, [&] { return site.store->seal_all().has_value(); });
    std::vector<std::string> rows;
    REQUIRE(ends([&] { rows = site.read("pump", {"n"}); }));
    CHECK(rows == std::vector<std::string>{"0:0", "1:1"});
    REQUIRE(ends([&] { CHECK(site.store->summary(site.from.stream, "pump")->messages == 2); }));
    REQUIRE(ends([&] {
        for (int i = 2; i < 40; ++i) site.tell("pump", second(i), {with("n", i)}); // two chunks
    }));
    CHECK(site.store->position(site.from) == site.next);
    CHECK(site.store->sealed_below(site.from) == 2); // the sync is under way
    CHECK(sync.end());
    CHECK(site.store->sealed_below(site.from) == 3); // and is no more than it was asked for
    REQUIRE(site.store->seal_all());
    CHECK(site.store->sealed_below(site.from) == site.next);
}

TEST_CASE("history is read and takes rows while it erases a device", "[history]") {
    Site site;
    SlowSync sync(site.disk, [&] {
        const auto erased = site.store->erase(site.from.stream, "pump", {});
        return erased && erased.value().rows == 1;
    });
    std::vector<std::string> rows;
    REQUIRE(ends([&] { rows = site.read("fan", {"n"}); }));
    CHECK(rows == std::vector<std::string>{"0:0"});
    REQUIRE(ends([&] { site.tell("pump", second(5), {with("n", 5)}); }));
    REQUIRE(ends([&] { rows = site.read("pump", {"n"}); }));
    CHECK(rows == std::vector<std::string>{"5:5"});
    CHECK(sync.end());
    CHECK(site.read("pump", {"n"}) == std::vector<std::string>{"5:5"});
}

TEST_CASE("a rewound history is durable before it says so", "[history]") {
    Site site;
    for (int i = 0; i < 8; ++i) site.tell("pump", second(i + 1), {with("n", i + 1)});
    SlowSync sync(site.disk, [&] { return site.store->rewind(site.from, 5).has_value(); });
    REQUIRE(ends([&] { CHECK(site.read("pump", {"n"}).size() == 9); }));
    CHECK(site.store->sealed_below(site.from) <= 5);
    CHECK(sync.end());
    CHECK(site.store->sealed_below(site.from) == 5);
    site.disk.cut_power();
    site.store.reset();
    site.disk.restore();
    site.start();
    CHECK(site.store->position(site.from) == 5);
}
