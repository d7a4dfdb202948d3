// Goal: the records of a key leave a stream, on disk too, and all others stay as they were, also
// where storage fails or the power goes in the middle. Method: generated records of several keys in
// every codec, policy and kind of transaction; what is left is compared, the log verified, and its
// files searched for the payloads that went.
#include "log/compacted_fixture.hpp"
#include "log/file_bytes.hpp"

#include <holdfast/kv/simulated_storage.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <random>

using namespace holdfast;
using namespace holdfast::test;
using log::Erasure;

namespace {

constexpr Offset kAll = 1'000'000;

struct Keys {
    std::mt19937_64 random{7};
    int next = 0;

    KeyedValue one() {
        const std::string key = fmt::format("pump-{}", random() % 4);
        if (random() % 10 == 0) return {key, std::nullopt};
        return {key, fmt::format("{} said {}", key, ++next)};
    }
    // Of this key alone, or mixed.
    std::vector<KeyedValue> batch(const std::optional<std::string>& key = std::nullopt) {
        std::vector<KeyedValue> records(1 + random() % 6);
        for (KeyedValue& record : records) {
            record = one();
            if (key) record = {*key, fmt::format("{} said {}", *key, ++next)};
        }
        return records;
    }
};

void fill(LogFixture& log, PartitionId id, Keys& keys, int batches) {
    for (int i = 0; i < batches; ++i) {
        WaitedGroup group;
        const auto codec = i % 3 == 0 ? record::Compression::zstd : record::Compression::none;
        const bool alone = i % 5 == 0;
        group.add_keyed(id, keys.batch(alone ? std::optional<std::string>("pump-1") : std::nullopt),
                        log.clock.now_ms() + i, codec);
        log.log->append(group);
        REQUIRE(group.wait());
    }
}

std::vector<StoredRecord> others(std::vector<StoredRecord> all, Offset below = kAll) {
    std::erase_if(all, [&](const StoredRecord& stored) {
        return stored.record.key == "pump-1" && stored.offset < below;
    });
    return all;
}

void check_sound(const log::Log& log) {
    const auto verified = log.verify([](const log::Damage& damage) {
        FAIL_CHECK(damage.first << ".." << damage.last << ": " << damage.what);
    });
    CHECK(verified.value().damages == 0);
}

bool is_in_files(const std::filesystem::path& directory, std::string_view text) {
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
        std::ifstream in(file.path(), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        if (bytes.find(text) != std::string::npos) return true;
    }
    return false;
}

} // namespace

TEST_CASE("the records of a key leave a stream, and nothing else does", "[log]") {
    LogFixture log;
    const PartitionId id = log.make_stream("telemetry", 2);
    const PartitionId beside = log.make_stream("other");
    Keys keys;
    fill(log, id, keys, 40);
    fill(log, {id.stream, 1}, keys, 10);
    fill(log, beside, keys, 10);
    log.clock.advance_ms(40LL * 86'400'000); // the next are in another slice
    fill(log, id, keys, 20);
    const auto before = read_keyed(*log.log, id).value();
    const auto untouched = read_keyed(*log.log, {id.stream, 1}).value();
    const auto of_other = read_keyed(*log.log, beside).value();
    const auto bounds = log.log->bounds(id).value();
    const Offset below = GENERATE(as<Offset>(), kAll, 50);
    log.reopen(); // to tables

    const Erasure what{id.stream, "pump-1", {{0, below}}};
    const auto erased = log.log->erase(what, {}).value();
    const auto left = others(before, below);
    CHECK(erased.records == before.size() - left.size());
    CHECK(erased.batches > 0);
    for (const bool is_reopened : {false, true}) {
        if (is_reopened) log.reopen();
        CHECK(read_keyed(*log.log, id).value() == left);
        CHECK(read_keyed(*log.log, {id.stream, 1}).value() == untouched);
        CHECK(read_keyed(*log.log, beside).value() == of_other);
        CHECK(log.log->bounds(id).value().high_watermark == bounds.high_watermark);
        check_sound(*log.log);
    }
    const auto again = log.log->erase(what, {}).value();
    CHECK(again.records == 0);
    // What comes later stays.
    const auto offset = append_keyed(*log.log, id, {{"pump-1", "is new"}}).value();
    CHECK(read_keyed(*log.log, id, offset).value().size() == 1);
}

TEST_CASE("what was erased is not in the log's files any more", "[log]") {
    LogFixture log;
    const PartitionId id = log.make_stream("telemetry");
    Keys keys;
    fill(log, id, keys, 30);
    const bool is_in_tables = GENERATE(false, true);
    if (is_in_tables) log.reopen();
    CHECK(is_in_files(log.path(), "pump-1 said"));
    REQUIRE(log.log->erase({id.stream, "pump-1", {{0, kAll}}}, {}));
    // Files that RocksDB needs no longer go a little later.
    CHECK(comes_true([&] { return !is_in_files(log.path(), "pump-1"); }));
    CHECK(is_in_files(log.path(), "pump-2 said"));
}

TEST_CASE("erasure and compaction keep out of each other's way", "[log]") {
    CompactedFixture log;
    Keys keys;
    fill(log, log.id, keys, 20);
    REQUIRE(log.log->erase({log.id.stream, "pump-1", {{0, kAll}}}, {}));
    log.compact();
    log.check_sound();
    for (const StoredRecord& stored : log.read()) CHECK(stored.record.key != "pump-1");
    fill(log, log.id, keys, 20);
    log.compact();
    const auto before = log.read();
    REQUIRE(log.log->erase({log.id.stream, "pump-1", {{0, kAll}}}, {}));
    CHECK(log.read() == others(before));
    log.reopen();
    CHECK(log.read() == others(before));
    log.check_sound();
}

TEST_CASE("who reads uncommitted records does not get erased ones", "[log]") {
    LogFixture log;
    const PartitionId id = log.make_stream("telemetry");
    const record::ProducerStamp stamp{log.log->new_producer_id().value(), 0, 0, true, false};
    WaitedGroup group;
    group.add(id, {"one", "two"}, stamp); // their key is `key`
    group.end_transaction(id, stamp, record::TransactionEnd::abort);
    log.log->append(group);
    REQUIRE(group.wait());
    REQUIRE(append_keyed(*log.log, id, {{"pump-2", "stays"}}));
    CHECK(log.log->erase({id.stream, "key", {{0, kAll}}}, {}).value().records == 2);
    const auto left = read_keyed(*log.log, id, 0, log::Isolation::uncommitted).value();
    REQUIRE(left.size() == 1);
    CHECK(left[0].record == KeyedValue{"pump-2", "stays"});
    CHECK(read_keyed(*log.log, id).value() == left);
    check_sound(*log.log);
}

TEST_CASE("an erasure that storage interrupts ends when it is asked for again", "[log]") {
    for (std::uint64_t nth = 1; nth < 200; nth += 1 + nth / 3) {
        CAPTURE(nth);
        kv::SimulatedStorage disk(nth);
        LogFixture log(disk.storage());
        const PartitionId id = log.make_stream("telemetry");
        Keys keys;
        fill(log, id, keys, 12);
        const auto before = read_keyed(*log.log, id).value();
        disk.fail_after(nth);
        const auto erased = log.log->erase({id.stream, "pump-1", {{0, kAll}}}, {});
        disk.cut_power();
        log.log.reset();
        disk.restore();
        log.start();
        if (!erased) {
            const Erasure again{id.stream, "pump-1", {{0, kAll}}, true};
            REQUIRE(log.log->erase(again, {}));
        }
        CHECK(read_keyed(*log.log, id).value() == others(before));
        check_sound(*log.log);
        if (erased) return;
    }
    FAIL("no run passed without a failure");
}

TEST_CASE("an erasure in a stream that is not there says so", "[log]") {
    LogFixture log;
    const auto erased = log.log->erase({StreamId{99}, "pump-1", {{0, kAll}}}, {});
    REQUIRE(!erased);
    CHECK(erased.error().code == Errc::not_found);
}
