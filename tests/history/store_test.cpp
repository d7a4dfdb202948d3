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

TEST_CASE("a key that is no name of a device is counted, and the stream whole without it",
          "[history]") {
    StoreFixture site;
    for (const char* key : {"", "\xFF", "caf\xE9"}) site.tell(key, second(1), {with("v", 1)});
    site.tell("caf\u00E9", second(1), {with("v", 1)});
    CHECK(site.store->devices(site.from.stream) == std::vector<std::string>{"caf\u00E9"});
    CHECK(site.store->coverage(site.from.stream).is_whole);
    CHECK(site.metrics.counter("holdfast_history_refused", "", "bound=\"name\"").value() == 3);
}

TEST_CASE("it is known up to which offset rows may be over", "[history]") {
    StoreFixture site;
    const auto over_below = [&site] {
        return site.store->coverage(site.from.stream).over_below.at(0);
    };
    site.tell("a", second(0) - 30 * kDayUs, {with("v", 1)});
    site.tell("a", second(0), {with("v", 2)});
    site.tell("b", second(0) - 20 * kDayUs, {with("v", 3)});
    site.tell("b", second(1), {with("v", 4)});
    REQUIRE(site.store->seal_all());
    CHECK(over_below() == 0);
    REQUIRE(site.store->drop_before(second(0) - 22 * kDayUs));
    CHECK(over_below() == 1);
    site.reopen();
    CHECK(over_below() == 1);
    REQUIRE(site.store->drop_before(second(0) - 10 * kDayUs));
    CHECK(over_below() == 3);
    site.tell("c", second(0) - 40 * kDayUs, {with("v", 5)}); // over when it is told
    CHECK(over_below() == 5);
    REQUIRE(site.store->seal_all());
    site.reopen();
    CHECK(over_below() == 5);
}

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
    REQUIRE(damaged.size() == 17); // those before it
    CHECK(damaged.back() ==
          "error: history of 'd' from 2024-10-04T00:00:16.000Z: a chunk whose checksum is wrong");
    CHECK(history.read("d", {"w"}).size() == 64);
    CHECK(history.read("d", {"v"}, second(32)).size() == 32);
}

TEST_CASE("a reading holds the rows up to the offsets that it names, and no others", "[history]") {
    StoreFixture site;
    const bool is_sealed = GENERATE(false, true);
    for (int i = 0; i < 5; ++i) site.tell("a", second(i), {with("v", i)});
    if (is_sealed) REQUIRE(site.store->seal_all());
    const auto reading = site.store->read({site.from.stream, "a", {"v"}});
    CHECK(reading->told_below() == history::Offsets{{0, 5}});
    // late and new rows, in a chunk with some that the reading has from the head
    site.tell("a", second(2), {with("v", 100)});
    site.tell("a", second(9), {with("v", 101)});
    REQUIRE(site.store->seal_all());
    std::vector<std::string> found;
    history::ScanBatch batch;
    while (reading->next(batch).value())
        for (std::size_t row = 0; row < batch.rows(); ++row)
            found.push_back(StoreFixture::line(batch, row));
    CHECK(found == std::vector<std::string>{"0:0", "1:1", "2:2", "3:3", "4:4"});
    CHECK(site.store->told_below(site.from.stream) == history::Offsets{{0, 7}});
}

TEST_CASE("a reading holds the chunks of a window, not all of a time partition", "[history]") {
    StoreFixture site;
    for (int i = 0; i < 4'000; ++i) {
        site.tell("d", second(i), {with("v", i)});
        if (i % 10 == 0) site.tell("d", second(i), {with("w", "of another shape")});
    }
    REQUIRE(site.store->seal_all());
    history::ScanRequest request{site.from.stream, "d", {"v", "w"}};
    request.bytes_max = 192U << 10U; // texts come in blocks of 64 KiB
    const auto reading = site.store->read(request);
    history::ScanBatch batch;
    std::size_t rows = 0;
    std::int64_t last_us = INT64_MIN;
    while (reading->next(batch).value()) {
        rows += batch.rows();
        CHECK(batch.ts_us.front() >= last_us);
        CHECK(std::is_sorted(batch.ts_us.begin(), batch.ts_us.end()));
        last_us = batch.ts_us.back();
        CHECK(reading->bytes() <= request.bytes_max);
    }
    CHECK(rows == 4'400);
    request.bytes_max = 500; // less than a chunk
    const auto refused = site.store->read(request)->next(batch);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Errc::limit_exceeded);
}

TEST_CASE("what of a stream was over a bound, or is over, is known after a restart", "[history]") {
    StoreFixture site;
    site.options.bounds.fields_per_device = 1;
    site.reopen();
    site.tell("a", second(0), {with("v", 1)});
    CHECK(site.store->coverage(site.from.stream).is_whole);
    CHECK(site.store->coverage(site.from.stream).from_us == INT64_MIN);
    site.tell("a", second(1), {with("v", 1), with("w", 2)});
    REQUIRE(site.store->drop_before(second(0)));
    REQUIRE(site.store->seal_all());
    site.reopen();
    CHECK_FALSE(site.store->coverage(site.from.stream).is_whole);
    CHECK(site.store->coverage(StreamId{2}).is_whole);
    CHECK(site.store->coverage(site.from.stream).from_us <= second(0));
    CHECK(site.store->coverage(site.from.stream).from_us > second(0) - 8 * kDayUs);
    CHECK(site.store->fields(site.from.stream, 10) == std::vector<std::string>{"v"});
}

TEST_CASE("the last value of each field is known, in memory, sealed and after a restart",
          "[history]") {
    StoreFixture site;
    const auto latest = [&site](const std::string& device) {
        const auto found = site.store->latest(site.from.stream, device).value();
        Lines lines;
        for (const auto& each : found.values)
            lines.push_back(fmt::format("{}@{}={}", each.field, (each.ts_us - kStartUs) / 1'000'000,
                                        StoreFixture::show(each.value)));
        return lines;
    };
    site.tell("a", second(5), {with("v", 1), with("name", "a text of some length")});
    site.tell("a", second(9), {with("v", 2.5), {"door", column::Value()}});
    site.tell("a", second(7), {with("v", 3), {"door", column::Value::of_bool(true)}});
    const Lines expected{"v@9=2.5f", "name@5='a text of some length'", "door@9=-"};
    CHECK(latest("a") == expected);
    REQUIRE(site.store->seal_all());
    CHECK(latest("a") == expected);
    site.tell("a", second(8), {with("v", 4), with("name", "late")}); // newer of its shape alone
    CHECK(latest("a") == Lines{"v@9=2.5f", "name@8='late'", "door@9=-"});
    REQUIRE(site.store->seal_all());
    site.tell("a", second(6), {with("v", 5), with("name", "later still")});
    REQUIRE(site.store->seal_all());
    site.tell("b", second(1), {with("v", 6)});
    CHECK(site.store->summaries(site.from.stream, "a", 10).size() == 1);
    site.reopen();
    CHECK(latest("a") == Lines{"v@9=2.5f", "name@8='late'", "door@9=-"});
    CHECK(latest("b").empty());
    const auto known = site.store->summaries(site.from.stream, "", 10);
    REQUIRE(known.size() == 1);
    CHECK(known[0].device == "a");
    CHECK(known[0].messages == 5);
    CHECK(known[0].first_ts_us == second(5));
    CHECK(known[0].last_ts_us == second(9));
    CHECK(known[0].fields == 3);
    CHECK_FALSE(site.store->summary(site.from.stream, "b"));
}

TEST_CASE("of many rows of one time each is there once", "[history]") {
    StoreFixture history;
    history.options.chunk_rows = 2'048;
    history.reopen();
    std::vector<std::string> expected;
    for (int round = 0; round < 2; ++round) // delivered twice
        for (int i = 0; i < 1'000; ++i)
            history.tell("d", second(0), {with("n", i % 500), with("f", i / 500 * 0.5)});
    for (int i = 0; i < 1'000; ++i)
        expected.push_back(fmt::format("0:{},{}f", i % 500, i / 500 * 0.5));
    CHECK(history.read("d", {"n", "f"}) == expected);
    REQUIRE(history.store->seal_all());
    CHECK(history.read("d", {"n", "f"}) == expected);
}
