// Goal: what devices said is read back as it was sent and in the order of its time, from memory,
// from chunks and from both; each message counts once, whatever is read from the log again; and a
// damaged chunk is named, never read wrong. Method: a store in a directory of its own, small
// chunks.
#include "history/store_fixture.hpp"

#include <holdfast/kv/database.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>

using namespace holdfast;
using namespace holdfast::test;

namespace {

using Lines = std::vector<std::string>;

std::vector<std::int64_t> seconds_of(const Lines& lines) {
    std::vector<std::int64_t> out;
    for (const std::string& line : lines) out.push_back(std::stoll(line));
    return out;
}

} // namespace

TEST_CASE("values come back with the type they were sent with", "[history]") {
    StoreFixture history;
    const bool is_sealed = GENERATE(false, true);
    history.tell("lift", second(1), {with("level", 5)});
    history.tell("lift", second(2), {with("level", 5.0)});
    history.tell("lift", second(3), {with("level", "five")});
    history.tell("lift", second(4), {{"level", column::Value::of_bool(true)}});
    history.tell("lift", second(5), {{"level", column::Value()}});
    history.tell("lift", second(6), {with("level", -0.0)});
    if (is_sealed) REQUIRE(history.store->seal_all());
    CHECK(history.read("lift", {"level"}) ==
          Lines{"1:5", "2:5f", "3:'five'", "4:true", "5:-", "6:-0f"});
}

TEST_CASE("a device's messages of different shapes are read together by time", "[history]") {
    StoreFixture history;
    history.tell("truck", second(1), {with("speed", 80), with("fuel", 0.5)});
    history.tell("truck", second(3), {with("speed", 81), with("fuel", 0.4)});
    history.tell("truck", second(2), {with("status", "ok")});
    history.tell("bus", second(2), {with("speed", 9)});
    REQUIRE(history.store->seal_all());
    history.tell("truck", second(4), {with("status", "late")});
    CHECK(history.read("truck", {"status", "speed"}) ==
          Lines{"1:-,80", "2:'ok',-", "3:-,81", "4:'late',-"});
    CHECK(history.read("truck", {"speed"}, second(2), second(4)) == Lines{"2:-", "3:81"});
    CHECK(history.read("nobody", {"speed"}).empty());
    CHECK(history.store->fields(history.from.stream, "truck") == Lines{"speed", "fuel", "status"});
    CHECK(history.store->devices(history.from.stream) == Lines{"bus", "truck"});
}

TEST_CASE("late rows take their place by time", "[history]") {
    StoreFixture history;
    for (int i = 0; i < 40; ++i) history.tell("d", second(i * 2), {with("v", i)});
    for (int i = 39; i >= 0; --i) history.tell("d", second(i * 2 + 1), {with("v", 100 + i)});
    Lines expected;
    for (int i = 0; i < 40; ++i) {
        expected.push_back(fmt::format("{}:{}", i * 2, i));
        expected.push_back(fmt::format("{}:{}", i * 2 + 1, 100 + i));
    }
    CHECK(history.read("d", {"v"}) == expected);
    REQUIRE(history.store->seal_all());
    CHECK(history.read("d", {"v"}) == expected);
}

TEST_CASE("only rows that are identical in time and values are one", "[history]") {
    StoreFixture history;
    const int repeat_at = GENERATE(0, 1, 2); // before sealing, behind it, or both in one head
    history.tell("d", second(1), {with("v", 1), with("w", "a")});
    if (repeat_at == 1) REQUIRE(history.store->seal_all());
    history.tell("d", second(1), {with("v", 1), with("w", "a")});   // delivered twice
    history.tell("d", second(1), {with("v", 1), with("w", "b")});   // another message
    history.tell("d", second(1), {with("v", 1.0), with("w", "a")}); // another type
    if (repeat_at == 0) REQUIRE(history.store->seal_all());
    Lines lines = history.read("d", {"v", "w"});
    CHECK(lines == Lines{"1:1,'a'", "1:1,'b'", "1:1f,'a'"});
    CHECK(history.read("d", {"v"}) == Lines{"1:1", "1:1", "1:1f"});
}

TEST_CASE("after a crash the log is read again from the checkpoint and each row counts once",
          "[history]") {
    StoreFixture history;
    // What comes: two devices in turn, one of which fills chunks three times as fast. Times repeat,
    // so folding alone would hide or lose rows if offsets did not decide.
    struct Message {
        std::string device;
        std::int64_t ts_us;
        int value;
    };
    std::vector<Message> log;
    std::mt19937_64 random(3);
    for (int i = 0; i < 400; ++i)
        log.push_back(
            {i % 4 == 0 ? "slow" : "fast", second(static_cast<std::int64_t>(random() % 90)), i});
    std::size_t crashes = 0;
    for (Offset at = 0; at < static_cast<Offset>(log.size());) {
        const Message& message = log[static_cast<std::size_t>(at)];
        history.tell_at(at, message.device, message.ts_us, {with("v", message.value)});
        ++at;
        if (random() % 50 != 0) continue;
        ++crashes;
        history.reopen();
        const Offset resume = history.store->position(history.from);
        REQUIRE(resume <= at);
        CHECK(resume == history.store->sealed_below(history.from));
        at = resume;
    }
    REQUIRE(crashes > 2);
    for (const std::string device : {"slow", "fast"}) {
        std::multimap<std::int64_t, int> by_time; // equal times stay in any order
        for (const Message& message : log)
            if (message.device == device) by_time.emplace(message.ts_us, message.value);
        Lines expected;
        for (const auto& [ts_us, value] : by_time)
            expected.push_back(fmt::format("{}:{}", (ts_us - kStartUs) / 1'000'000, value));
        Lines lines = history.read(device, {"v"});
        CHECK(seconds_of(lines) == seconds_of(expected));
        std::sort(lines.begin(), lines.end());
        std::sort(expected.begin(), expected.end());
        CHECK(lines == expected);
    }
}

TEST_CASE("heads stay within their budget, and give their memory back", "[history]") {
    StoreFixture history;
    history.options.heads_bytes_max = 64U << 10U;
    history.options.chunk_rows = 2'048;
    history.reopen();
    for (int i = 0; i < 20'000; ++i)
        history.tell(fmt::format("d{}", i % 200), second(i), {with("v", i), with("w", i / 7.0)});
    CHECK(history.store->counts().heads_bytes <= history.options.heads_bytes_max);
    CHECK(history.memory.used_bytes() == history.store->counts().heads_bytes);
    CHECK(history.store->counts().sealed_chunks > 0);
    CHECK(history.read("d7", {"v"}).size() == 100);
    history.store.reset();
    CHECK(history.memory.used_bytes() == 0);
}

TEST_CASE("what is over a bound is left out and counted with the reason", "[history]") {
    StoreFixture history;
    history.options.bounds = {2, 3, 4, 10};
    history.reopen();
    history.tell("a", second(1), {with("v", 1)});
    history.tell("b", second(1), {with("v", 1)});
    history.tell("c", second(1), {with("v", 1)});                             // a third device
    history.tell("a", second(2), {with("w", 1), with("x", 1), with("y", 1)}); // a fourth field
    history.tell("a", second(3), {with("v", "eleven char")});
    history.tell("a", second(4), {with("v", "ten chars!")});
    CHECK(history.read("a", {"v"}) == Lines{"1:1", "3:-", "4:'ten chars!'"});
    CHECK(history.read("c", {"v"}).empty());
    // Two series so far in the minute, and two more may come.
    history.tell("a", second(5), {with("w", 1)});
    history.tell("a", second(5), {with("w", 2), with("v", 1)});
    history.tell("b", second(5), {with("w", 3)}); // a fifth
    history.tell("b", second(65), {with("w", 4)});
    CHECK(history.read("b", {"w"}) == Lines{"1:-", "65:4"});
    const std::string metrics = history.metrics.render();
    CHECK(metrics.find("holdfast_history_refused_total{bound=\"series\"} 3") != std::string::npos);
    CHECK(metrics.find("holdfast_history_refused_total{bound=\"text\"} 1") != std::string::npos);
}

TEST_CASE("time partitions that are over go whole, and nothing comes back to them", "[history]") {
    StoreFixture history;
    for (int day = 0; day < 28; ++day) history.tell("d", kStartUs + day * kDayUs, {with("v", day)});
    REQUIRE(history.store->seal_all());
    const std::int64_t keep_us = kStartUs + 15 * kDayUs;
    CHECK(history.store->drop_before(keep_us).value() >= 1);
    history.tell("d", kStartUs, {with("v", 99)}); // told again, from the log
    REQUIRE(history.store->seal_all());
    const Lines lines = history.read("d", {"v"});
    REQUIRE_FALSE(lines.empty());
    CHECK(lines.size() <= 28 - 15 + 7);
    CHECK(lines.back().ends_with(":27"));
    CHECK(lines.front().ends_with(":99") == false);
    CHECK(history.store->drop_before(keep_us).value() == 0);
    history.reopen();
    CHECK(history.read("d", {"v"}) == lines);
}

TEST_CASE("a damaged chunk is named, and other times are read", "[history]") {
    StoreFixture history;
    for (int i = 0; i < 64; ++i) history.tell("d", second(i), {with("v", i), with("w", i)});
    history.store.reset();
    {
        kv::DatabaseOptions options;
        options.directory = history.options.directory;
        auto database = kv::Database::open(options).value();
        // The column of `v` in the chunk of the 16th second: one bit of its value.
        for (const std::string& name : database->family_names()) {
            const kv::Family family = database->family(name);
            kv::Iterator each = database->iterate(family);
            for (each.seek({}); each.valid(); each.next()) {
                if (each.key().size() != 18 || load_u16_be(each.key().data() + 4) != 1) continue;
                if ((load_u64_be(each.key().data() + 6) ^ (std::uint64_t{1} << 63U)) !=
                    static_cast<std::uint64_t>(second(16)))
                    continue;
                Bytes value(each.value().begin(), each.value().end());
                value[value.size() / 2] ^= std::byte{4};
                kv::WriteBatch batch;
                batch.put(family, each.key(), value);
                REQUIRE(database->write(batch, false));
            }
        }
    }
    history.start();
    const Lines damaged = history.read("d", {"v"});
    REQUIRE(damaged.size() == 1);
    CHECK(damaged.front() ==
          "error: history of 'd' from 2024-10-04T00:00:16.000Z: a chunk whose checksum is wrong");
    CHECK(history.read("d", {"w"}).size() == 64);
    CHECK(history.read("d", {"v"}, second(32)).size() == 32);
}
