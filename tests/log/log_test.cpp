// Goal: the log's contract on a real directory: what was appended is fetched, in order, also after
// a reopening; offsets are gap-free; groups are atomic.
#include "log/file_bytes.hpp"
#include "log/log_fixture.hpp"

#include <support/keyspaces.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <thread>

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE("what was appended is fetched in order, from any offset", "[log]") {
    LogFixture at;
    const PartitionId telemetry = at.make_stream("telemetry");
    CHECK(append_values(*at.log, telemetry, {"a", "b", "c"}).value() == 0);
    CHECK(append_values(*at.log, telemetry, {"d"}).value() == 3);
    CHECK(append_values(*at.log, telemetry, {"e", "f"}).value() == 4);

    const auto bounds = at.log->bounds(telemetry).value();
    CHECK(bounds.log_start_offset == 0);
    CHECK(bounds.high_watermark == 6);
    const std::vector<StoredValue> all{{0, "a"}, {1, "b"}, {2, "c"}, {3, "d"}, {4, "e"}, {5, "f"}};
    for (Offset from = 0; from <= 6; ++from)
        CHECK(read_all(*at.log, telemetry, from).value() ==
              std::vector<StoredValue>(all.begin() + from, all.end()));

    SECTION("also after a reopening") {
        at.reopen();
        CHECK(read_all(*at.log, telemetry).value() == all);
        CHECK(append_values(*at.log, telemetry, {"g"}).value() == 6);
    }
    SECTION("and not outside the bounds") {
        CHECK(at.log->fetch(telemetry, 7, 100).error().code == Errc::not_found);
        CHECK(at.log->fetch(telemetry, -1, 100).error().code == Errc::not_found);
        CHECK(at.log->fetch({telemetry.stream, 1}, 0, 100).error().code == Errc::not_found);
    }
}

TEST_CASE("a group is stored whole with its state changes", "[log]") {
    LogFixture at;
    const PartitionId first = at.make_stream("a", 2);
    const PartitionId second{first.stream, 1};
    WaitedGroup group;
    group.add(first, {"1", "2"});
    group.add(second, {"3"});
    group.add(first, {"4"});
    group.add({StreamId{999}, 0}, {"5"});
    group.change(test::kFirstKeyspace, "rule/1", "state");
    group.change(test::kSecondKeyspace, "model/1", "weights");
    at.log->append(group);
    REQUIRE(group.wait());
    CHECK(group.appends[0].base_offset == 0);
    CHECK(group.appends[1].base_offset == 0);
    CHECK(group.appends[2].base_offset == 2);
    REQUIRE(group.appends[3].refused);
    CHECK(group.appends[3].refused->code == Errc::not_found);
    at.reopen();
    CHECK(read_all(*at.log, first).value().size() == 3);
    CHECK(read_all(*at.log, second).value().size() == 1);
    CHECK(at.log->state(test::kFirstKeyspace, "rule/1").value() == "state");
    CHECK_FALSE(at.log->state(test::kSecondKeyspace, "rule/1").value());

    WaitedGroup more;
    more.change(test::kFirstKeyspace, "rule/1", std::nullopt);
    for (const char* key : {"p/2", "p/1", "q/1"}) more.change(test::kFirstKeyspace, key, "x");
    at.log->append(more);
    REQUIRE(more.wait());
    CHECK_FALSE(at.log->state(test::kFirstKeyspace, "rule/1").value());
    std::string keys;
    REQUIRE(at.log->scan_state(test::kFirstKeyspace, "p/", [&](auto key, auto) {
        keys += key;
        return true;
    }));
    CHECK(keys == "p/1p/2");
}

TEST_CASE("a batch whose lengths contradict each other is refused alone", "[log]") {
    LogFixture at;
    const PartitionId partition = at.make_stream("a");
    WaitedGroup group;
    group.add(partition, {"1", "2"});
    group.add(partition, {"3"});
    group.appends[0].record_count = 3;
    at.log->append(group);
    REQUIRE(group.wait());
    REQUIRE(group.appends[0].refused);
    CHECK(group.appends[0].refused->code == Errc::malformed);
    CHECK(read_all(*at.log, partition).value() == std::vector<StoredValue>{{0, "3"}});
}

TEST_CASE("streams are made, altered, listed and deleted for good", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 3);
    CHECK(append_values(*at.log, a, {"x"}));
    log::StreamSettings settings = at.log->find_stream("a")->settings;
    CHECK(at.log->create_stream(settings).error().code == Errc::already_exists);
    settings.retention_ms = 3'600'000;
    settings.durability = log::Durability::os;
    REQUIRE(at.log->alter_stream(settings));
    at.make_stream("b");
    at.reopen();
    CHECK(at.log->find_stream("a")->settings.retention_ms == 3'600'000);
    CHECK(at.log->find_stream("a")->settings.durability == log::Durability::os);
    CHECK(at.log->find_stream(a.stream)->settings.partitions == 3);
    CHECK(at.log->streams().size() == 2);
    settings.partitions = 2;
    CHECK(at.log->alter_stream(settings).error().code == Errc::malformed);

    REQUIRE(at.log->delete_stream("a"));
    CHECK(at.log->delete_stream("a").error().code == Errc::not_found);
    CHECK(append_values(*at.log, a, {"y"}).error().code == Errc::not_found);
    CHECK(at.log->fetch(a, 0, 100).error().code == Errc::not_found);
    const PartitionId again = at.make_stream("a");
    CHECK(again.stream != a.stream);
    at.reopen();
    CHECK(at.log->bounds(again).value().high_watermark == 0);
    for (const char* name : {"", ".", "..", "a b", "a/b"}) {
        log::StreamSettings bad;
        bad.name = name;
        CHECK(at.log->create_stream(bad).error().code == Errc::malformed);
    }
}

TEST_CASE("an offset is found by its ingest time", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    for (int i = 0; i < 50; ++i) REQUIRE(append_values(*at.log, a, {"x", "y", "z"}, 1000 + 10 * i));
    CHECK(at.log->offset_at(a, 0).value() == 0);
    CHECK(at.log->offset_at(a, 1000).value() == 0);
    CHECK(at.log->offset_at(a, 1001).value() == 3);
    CHECK(at.log->offset_at(a, 1250).value() == 75);
    CHECK(at.log->offset_at(a, 1490).value() == 147);
    CHECK(at.log->offset_at(a, 1491).value() == 150);
}

TEST_CASE("retention moves the log start and gives the space of whole slices back", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a", 1, 80LL * 60'000); // slices of ten minutes
    const std::string value(100'000, 'v');
    for (int slice = 0; slice < 12; ++slice) {
        for (int i = 0; i < 20; ++i) REQUIRE(append_values(*at.log, a, {value}));
        at.clock.advance_ms(10LL * 60'000);
    }
    const auto before = at.log->disk_bytes();
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    const auto bounds = at.log->bounds(a).value();
    CHECK(bounds.log_start_offset == 80);
    CHECK(bounds.high_watermark == 240);
    CHECK(at.log->fetch(a, 79, 100).error().code == Errc::not_found);
    CHECK(read_all(*at.log, a, 80).value().size() == 160);

    at.clock.advance_ms(86'400'000);
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    CHECK(at.log->bounds(a).value().log_start_offset == 240);
    at.reopen();
    CHECK(at.log->bounds(a).value().log_start_offset == 240);
    CHECK(at.log->disk_bytes() < before / 4);
    CHECK(append_values(*at.log, a, {"next"}).value() == 240);
    CHECK(read_all(*at.log, a, 240).value() == std::vector<StoredValue>{{240, "next"}});
}

TEST_CASE("nine tenths that expire give their space back, beside a stream that is kept", "[log]") {
    LogFixture at;
    constexpr std::int64_t kSliceMs = 10LL * 60'000;
    const PartitionId expiring = at.make_stream("expiring", 1, 160LL * 60'000);
    const PartitionId kept = at.make_stream("kept", 1, 30LL * 86'400'000);
    const std::string value(100'000, 'v');
    const auto bytes = [&] {
        return file_bytes(at.path(), ".sst") + file_bytes(at.path(), ".log");
    };
    for (int slice = 0; slice < 20; ++slice) {
        for (int i = 0; i < 20; ++i)
            REQUIRE(append_values(*at.log, expiring, {value}, at.clock.now_ms()));
        REQUIRE(append_values(*at.log, kept, {value}, at.clock.now_ms()));
        at.clock.advance_ms(kSliceMs);
    }
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    auto settings = at.log->find_stream("expiring")->settings;
    const auto start = at.log->bounds(expiring).value().log_start_offset;
    const auto expired = (at.log->bounds(expiring).value().high_watermark - start) * 9 / 10;
    const auto before = bytes();
    // Nine tenths of what is there are older than that.
    settings.retention_ms = 2 * kSliceMs;
    REQUIRE(at.log->alter_stream(settings));
    REQUIRE(at.log->apply_retention(at.clock.now_ms()));
    CHECK(at.log->bounds(expiring).value().log_start_offset >= start + expired * 9 / 10);
    const auto gone =
        static_cast<std::uint64_t>(at.log->bounds(expiring).value().log_start_offset - start) *
        value.size();
    CHECK(comes_true([&] { return bytes() + gone / 100 * 85 <= before; }));
    CHECK(read_all(*at.log, kept).value().size() == 20);
}

TEST_CASE("a waiter is woken once, past its offset, and not after its cancel", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("a");
    int woken = 0;
    at.log->wait(a, 0, [&] { ++woken; });
    int cancelled = 0;
    const auto id = at.log->wait(a, 0, [&] { ++cancelled; });
    at.log->cancel_wait(id);
    REQUIRE(append_values(*at.log, a, {"x"})); // waiters run before completed()
    CHECK(woken == 1);
    REQUIRE(append_values(*at.log, a, {"y"}));
    CHECK(woken == 1);
    CHECK(cancelled == 0);
    const auto past = at.log->wait(a, 1, [&] { ++woken; });
    CHECK(woken == 2); // already past: at once
    at.log->cancel_wait(past);
    const auto later = at.log->wait(a, 2, [&] { ++woken; });
    CHECK(woken == 2);
    at.log->cancel_wait(later);
}

TEST_CASE("ten thousand partitions recover", "[log]") {
    LogFixture at;
    const PartitionId a = at.make_stream("wide", 10'000);
    WaitedGroup group;
    for (PartitionIndex i = 0; i < 10'000; ++i) group.add({a.stream, i}, {"x"});
    at.log->append(group);
    REQUIRE(group.wait());
    at.reopen();
    for (const PartitionIndex i : {0U, 1U, 5'000U, 9'999U})
        CHECK(at.log->bounds({a.stream, i}).value().high_watermark == 1);
}
