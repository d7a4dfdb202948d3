// Goal: what left the log is durable in history before, and history can be copied beside the log
// and set upon an older one. Method: a log whose clock moves with slices of ten minutes, a store
// told by hand, a disk that loses power or is full.
#include "history/partition_reader.hpp"
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/history/follower.hpp>
#include <holdfast/kv/simulated_storage.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t kSliceMs = 10LL * 60'000;
constexpr std::uint64_t kNoBound = ~std::uint64_t{0};

void follow(history::Follower& follower) {
    follower.refresh();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (follower.lag() > 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    REQUIRE(follower.lag() == 0);
}

void append(LogFixture& log, PartitionId to, const std::string& device, int number) {
    WaitedGroup group;
    group.add_keyed(to, {{device, fmt::format(R"({{"n": {}}})", number)}}, log.clock.now_ms());
    log.log->append(group);
    REQUIRE(group.wait());
}

} // namespace

TEST_CASE("a slice of the log goes once history has it, and not before", "[history][keeping]") {
    LogFixture log;
    StoreFixture history;
    const PartitionId from = log.make_stream("telemetry", 1, 8 * kSliceMs);
    history.from = from;
    for (int i = 0; i < 10; ++i) {
        append(log, from, "d", i);
        log.clock.advance_ms(kSliceMs);
    }
    log::ConsumerPool pool(*log.log, 1);
    history::Follower follower({*log.log, pool, *history.store, log.metrics},
                               [](std::string_view) { return true; });
    log.clock.advance_ms(16 * kSliceMs);
    const auto retain = [&] {
        return log.log->apply_retention(log.clock.now_ms(), {follower.wanted(), kNoBound}).value();
    };
    // Nothing was read yet.
    CHECK(retain().due_below.at(from) == 10);
    CHECK(log.log->bounds(from).value().log_start_offset == 0);
    // What was read lies in memory only.
    follow(follower);
    const log::Held held = retain();
    CHECK(held.due_below.at(from) == 10);
    REQUIRE(history.store->seal_below(held.due_below));
    CHECK(retain().due_below.empty());
    CHECK(log.log->bounds(from).value().log_start_offset == 10);
    CHECK(history.read("d", {"n"}).size() == 10);
}

TEST_CASE("records that are no rows do not hold the log", "[history][keeping]") {
    StoreFixture history;
    REQUIRE(history.store->add(history.from, {}, 100));
    CHECK(history.store->sealed_below(history.from) == 0);
    REQUIRE(history.store->seal_below({{history.from, 100}}));
    CHECK(history.store->sealed_below(history.from) == 100);
}

TEST_CASE("only heads with rows that are due are sealed", "[history][keeping]") {
    StoreFixture history;
    history.tell("early", second(1), {with("n", 1)});
    history.tell("late", second(2), {with("n", 2)});
    REQUIRE(history.store->seal_below({{history.from, 1}}));
    CHECK(history.store->sealed_below(history.from) == 1);
    CHECK(history.store->counts().sealed_chunks == 1);
    REQUIRE(history.store->seal_below({{PartitionId{StreamId{9}, 0}, 100}}));
    CHECK(history.store->counts().sealed_chunks == 1);
}

TEST_CASE("what is sealed below is there after a power cut", "[history][keeping]") {
    set_log_level(LogLevel::error);
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        CAPTURE(seed);
        kv::SimulatedStorage disk(seed);
        StoreFixture history;
        history.store.reset();
        history.options.directory = history.directory.path() / "simulated";
        history.options.storage = disk.storage();
        history.start();
        for (int i = 0; i < 100; ++i) {
            history.tell("d" + std::to_string(i % 3), second(i), {with("n", i)});
            if (i == 20 + static_cast<int>(seed))
                REQUIRE(history.store->seal_below({{history.from, 15}}));
        }
        const Offset sealed_below = history.store->sealed_below(history.from);
        CHECK(sealed_below >= 15);
        disk.cut_power();
        history.store.reset();
        disk.restore();
        history.start();
        CHECK(history.store->position(history.from) >= sealed_below);
        for (Offset at = history.store->position(history.from); at < 100; ++at)
            history.tell_at(at, "d" + std::to_string(at % 3), second(at),
                            {with("n", static_cast<int>(at))});
        std::size_t rows = 0;
        for (int device = 0; device < 3; ++device)
            rows += history.read("d" + std::to_string(device), {"n"}).size();
        CHECK(rows == 100);
    }
    set_log_level(LogLevel::info);
}

TEST_CASE("below the disk's reserve nothing is sealed, and memory does not grow",
          "[history][keeping]") {
    kv::SimulatedStorage disk(1);
    StoreFixture history;
    history.store.reset();
    history.options.directory = history.directory.path() / "simulated";
    history.options.storage = disk.storage();
    history.options.disk_reserve_bytes = 1U << 20U;
    history.start();
    disk.set_free_bytes(1000);
    const auto tell = [&](Offset at) {
        const std::vector<history::FieldValue> values = {with("n", static_cast<int>(at))};
        const history::NewRow row{"d", second(at), second(at), at, values};
        return history.store->add(history.from, {&row, 1}, at + 1);
    };
    Offset at = 0;
    Result<void> told = ok();
    while (told && at < 1000) {
        told = tell(at);
        at = history.store->position(history.from);
    }
    REQUIRE_FALSE(told);
    CHECK(told.error().code == Errc::no_space);
    const auto bytes = history.store->counts().heads_bytes;
    for (int i = 0; i < 100; ++i) CHECK_FALSE(tell(at));
    CHECK(history.store->position(history.from) == at);
    CHECK(history.store->counts().heads_bytes == bytes);

    disk.set_free_bytes(1U << 30U);
    for (; at < 1000; ++at) REQUIRE(tell(at));
    CHECK(history.read("d", {"n"}).size() == 1000);
}

TEST_CASE("a checkpoint is a history of its own", "[history][keeping]") {
    StoreFixture history;
    for (int i = 0; i < 40; ++i) history.tell("d", second(i), {with("n", i)});
    const Offset sealed_below = 32; // two chunks of 16
    const auto copy = history.directory.path() / "copy";
    REQUIRE(history.store->checkpoint(copy));
    CHECK(history.store->checkpoint(copy).error().code == Errc::already_exists);
    for (int i = 40; i < 80; ++i) history.tell("d", second(i), {with("n", i)});
    history.store.reset();
    history.options.directory = copy;
    history.start();
    CHECK(history.store->position(history.from) == sealed_below);
    CHECK(history.read("d", {"n"}).size() == 32);
}

TEST_CASE("history keeps what it has where the log is an older one, and takes what is new",
          "[history][keeping]") {
    StoreFixture history;
    for (int i = 0; i < 40; ++i) history.tell("d", second(i), {with("n", i)});
    LogFixture log;
    const PartitionId from = log.make_stream("telemetry");
    REQUIRE(from == history.from);
    for (int i = 0; i < 10; ++i) append(log, from, "d", i);
    {
        log::ConsumerPool pool(*log.log, 1);
        history::Follower follower({*log.log, pool, *history.store, log.metrics},
                                   [](std::string_view) { return true; });
        follower.refresh();
        CHECK(history.store->position(from) == 10);
        CHECK(history.store->sealed_below(from) == 10);
    }
    history.reopen();
    CHECK(history.store->position(from) == 10);
    history.next = 10;
    for (int i = 0; i < 5; ++i) history.tell("d", second(1000 + i), {with("n", i)});
    CHECK(history.read("d", {"n"}).size() == 45);
    REQUIRE(history.store->seal_all());
    CHECK(history.read("d", {"n"}).size() == 45);
}
