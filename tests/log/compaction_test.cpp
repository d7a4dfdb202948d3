// Goal: of a compacted stream the youngest record of every key stays, at its offset, and what it
// replaced goes with its space; readers, times, transactions and restarts do not notice.
#include "log/compacted_fixture.hpp"
#include "log/file_bytes.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <stop_token>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE("the youngest record of each key stays, at its offset", "[log][compaction]") {
    CompactedFixture at;
    at.append({{"a", "1"}, {"b", "1"}, {"a", "2"}});
    at.append({{"a", "3"}});
    at.append({{"c", "1"}, {"a", "4"}});
    const log::Compacted gone = at.compact();
    CHECK(gone.partitions == 1);
    CHECK(gone.records == 3);

    const std::vector<StoredRecord> left{{1, {"b", "1"}}, {4, {"c", "1"}}, {5, {"a", "4"}}};
    CHECK(at.read() == left);
    CHECK(at.read(2) == std::vector<StoredRecord>{left[1], left[2]}); // from within a hole
    at.check_sound();
    CHECK(at.log->bounds(at.id).value().log_start_offset == 0);
    CHECK(at.log->readable_after(at.id, 3).value() == 4);

    SECTION("also after a restart") {
        at.reopen();
        CHECK(at.read() == left);
        at.check_sound();
    }
    SECTION("and what follows is compacted with it") {
        CHECK(at.append({{"b", "2"}}) == 6);
        CHECK(at.compact().records == 1);
        CHECK(at.read() == std::vector<StoredRecord>{left[1], left[2], {6, {"b", "2"}}});
        at.check_sound();
    }
    SECTION("and a pass with nothing new changes nothing") {
        CHECK(at.compact().partitions == 0);
        CHECK(at.read() == left);
    }
}

TEST_CASE("offsets go on where all that was youngest went", "[log][compaction]") {
    CompactedFixture at;
    at.set("delete.retention.ms", "0");
    at.append({{"a", "1"}});
    at.append({{"a", std::nullopt}});
    at.compact(); // the tombstone is the last record
    at.append({{"b", "1"}});
    at.append({{"b", std::nullopt}});
    at.clock.advance_ms(1);
    at.compact();
    at.append({{"c", "1"}});
    at.append({{"c", std::nullopt}});
    at.clock.advance_ms(1);
    at.compact();
    at.reopen();
    CHECK(at.log->bounds(at.id).value().high_watermark == 6);
    CHECK(at.append({{"d", "1"}}) == 6);
    CHECK(at.read().back() == StoredRecord{6, {"d", "1"}});
}

TEST_CASE("a partition is compacted when enough of it is new", "[log][compaction]") {
    CompactedFixture at;
    at.set("min.cleanable.dirty.ratio", "0.5");
    const std::string value(1000, 'v');
    for (int i = 0; i < 20; ++i) at.append({{std::to_string(i), value}});
    CHECK(at.compact().partitions == 1); // all is new
    for (int i = 0; i < 10; ++i) at.append({{"again", value}});
    CHECK(at.compact().partitions == 0); // a third
    CHECK(at.read().size() == 30);
    at.reopen();
    CHECK(at.compact().partitions == 0);
    for (int i = 0; i < 21; ++i) at.append({{"again", value}});
    CHECK(at.compact().records == 30);
    CHECK(at.read().size() == 21);
}

TEST_CASE("tombstones stay for their time, so that every reader hears of them",
          "[log][compaction]") {
    CompactedFixture at;
    at.set("delete_retention_ms", std::to_string(kDayMs));
    at.append({{"a", "1"}, {"b", "1"}});
    at.append({{"a", std::nullopt}});
    CHECK(at.compact().records == 1);
    const std::vector<StoredRecord> left{{1, {"b", "1"}}, {2, {"a", std::nullopt}}};
    CHECK(at.read() == left);
    at.clock.advance_ms(kDayMs - 1);
    at.append({{"c", "1"}});
    CHECK(at.compact().records == 0);
    at.reopen(); // the time runs from the first compaction on
    at.clock.advance_ms(1);
    at.append({{"d", "1"}});
    CHECK(at.compact().records == 1);
    CHECK(at.read() ==
          std::vector<StoredRecord>{{1, {"b", "1"}}, {3, {"c", "1"}}, {4, {"d", "1"}}});
    at.check_sound();
}

TEST_CASE("a compacted stream takes records with keys only", "[log][compaction]") {
    CompactedFixture at;
    record::BatchBuilder builder;
    builder.append(0, as_bytes("key"), as_bytes("1"), 0, {});
    builder.append(0, std::nullopt, as_bytes("2"), 0, {});
    struct Group final : log::AppendGroup {
        std::promise<Result<void>> done;
        void completed(Result<void> outcome) noexcept override { done.set_value(outcome); }
    } group;
    group.appends.push_back({at.id, builder.finish(), 2});
    at.log->append(group);
    REQUIRE(group.done.get_future().get());
    REQUIRE(group.appends[0].refused);
    CHECK(group.appends[0].refused->code == Errc::malformed);
    CHECK(group.appends[0].refused->context.find("key") != std::string::npos);
    CHECK(at.log->bounds(at.id).value().high_watermark == 0);
}

TEST_CASE("compressed batches are compacted", "[log][compaction]") {
    const auto codec = GENERATE(record::Compression::lz4, record::Compression::zstd,
                                record::Compression::snappy, record::Compression::gzip);
    CompactedFixture at;
    std::vector<KeyedValue> records;
    for (int i = 0; i < 100; ++i)
        records.push_back({std::to_string(i % 10), fmt::format("{}{}", std::string(100, 'x'), i)});
    WaitedGroup group;
    group.add_keyed(at.id, records, at.clock.now_ms(), codec);
    at.log->append(group);
    REQUIRE(group.wait());
    CHECK(at.compact().records == 90);
    const auto left = at.read();
    REQUIRE(left.size() == 10);
    for (std::size_t i = 0; i < left.size(); ++i)
        CHECK(left[i] == StoredRecord{static_cast<Offset>(90 + i), records[90 + i]});
    at.check_sound();
}

TEST_CASE("what a transaction did not commit replaces nothing", "[log][compaction]") {
    CompactedFixture at;
    const std::int64_t producer = at.log->new_producer_id().value();
    std::int32_t sequence = 0;
    const auto write = [&](const std::vector<KeyedValue>& records) {
        WaitedGroup group;
        group.add_keyed(at.id, records);
        record::set_producer(group.appends[0].batch, {producer, 0, sequence, true, false});
        sequence += static_cast<std::int32_t>(records.size());
        at.log->append(group);
        REQUIRE(group.wait());
        REQUIRE_FALSE(group.appends[0].refused);
    };
    const auto end = [&](record::TransactionEnd how) {
        WaitedGroup group;
        group.end_transaction(at.id, {producer, 0, -1, true, true}, how);
        at.log->append(group);
        REQUIRE(group.wait());
        REQUIRE_FALSE(group.appends[0].refused);
    };
    at.append({{"a", "1"}, {"b", "1"}});   // 0, 1
    write({{"a", "aborted"}});             // 2
    end(record::TransactionEnd::abort);    // 3
    write({{"b", "committed"}});           // 4
    end(record::TransactionEnd::commit);   // 5
    write({{"a", "open"}, {"b", "open"}}); // 6, 7

    at.compact();
    const std::vector<StoredRecord> left{{0, {"a", "1"}}, {4, {"b", "committed"}}};
    CHECK(at.read() == left);
    CHECK(at.read(0, log::Isolation::uncommitted).size() == 4);
    at.check_sound();
    end(record::TransactionEnd::commit); // 8
    at.compact();
    const std::vector<StoredRecord> committed{{6, {"a", "open"}}, {7, {"b", "open"}}};
    CHECK(at.read() == committed);

    at.clock.advance_ms(2 * kDayMs); // the markers go
    at.append({{"c", "1"}});         // 9
    CHECK(at.compact().records == 3);
    CHECK(at.log->aborted(at.id, 0, 10).value().empty());
    at.reopen();
    CHECK(at.read() == std::vector<StoredRecord>{committed[0], committed[1], {9, {"c", "1"}}});
    at.check_sound();
}

TEST_CASE("the space of what went comes back", "[log][compaction]") {
    CompactedFixture at;
    const auto is_random = [state = std::uint64_t{1}]() mutable {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<char>(state >> 56U);
    };
    auto next = is_random;
    const auto bytes_on_disk = [&] { return file_bytes(at.path(), ".sst"); };
    for (int i = 0; i < 400; ++i) {
        std::string value(100'000, ' ');
        for (char& c : value) c = next();
        at.append({{std::to_string(i % 10), std::move(value)}});
    }
    REQUIRE(comes_true([&] { return bytes_on_disk() > 20'000'000; }));
    CHECK(at.compact().records == 390);
    CHECK(comes_true([&] { return bytes_on_disk() < 5'000'000; }));
    CHECK(at.read().size() == 10);
    CHECK(at.log->stored_bytes(at.id).value() < 1'100'000);

    REQUIRE(at.log->delete_stream("twins"));
    REQUIRE(at.log->compact(at.clock.now_ms(), {}));
    CHECK(at.log->verify([](const log::Damage&) { FAIL_CHECK(); }).value().records == 0);
}

TEST_CASE("a pass stops when it is told", "[log][compaction]") {
    CompactedFixture at;
    at.append({{"a", "1"}, {"a", "2"}});
    std::stop_source stop;
    stop.request_stop();
    CHECK(at.log->compact(at.clock.now_ms(), stop.get_token()).value().partitions == 0);
    CHECK(at.read().size() == 2);
}

TEST_CASE("readers and writers go on while a stream is compacted", "[log][compaction]") {
    CompactedFixture at;
    std::atomic<bool> done{false};
    std::atomic<int> passes{0};
    std::thread compactor([&] {
        while (!done) {
            if (!at.log->compact(at.clock.now_ms(), {})) break;
            ++passes;
        }
    });
    std::atomic<int> mistakes{0};
    std::atomic<int> reads{0};
    std::thread reader([&] {
        while (!done || reads == 0) {
            const auto records = read_keyed(*at.log, at.id);
            ++reads;
            if (!records) ++mistakes;
            if (!records) continue;
            // What is there of a key rises, and every key that was there comes.
            std::map<std::string, int> youngest;
            for (const auto& stored : records.value()) {
                const int value = std::stoi(*stored.record.value);
                if (auto [entry, is_new] = youngest.emplace(stored.record.key, value); !is_new) {
                    if (value <= entry->second) ++mistakes;
                    entry->second = value;
                }
            }
        }
    });
    for (int i = 0; i < 3000 || passes < 3; ++i)
        at.append({{std::to_string(i % 7), std::to_string(i)}, {"all", std::to_string(i)}});
    done = true;
    compactor.join();
    reader.join();
    CHECK(mistakes == 0);
    at.compact();
    CHECK(at.read().size() == 8);
    at.check_sound();
}
