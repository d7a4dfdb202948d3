// Goal: the log vouches for where keys lie exactly as long as it is true: not after a record was
// put elsewhere, not after a stream grew, not after a power loss, and not of what an older version
// wrote.
#include "log/key_placement.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/kv/simulated_storage.hpp>
#include <holdfast/record/message_view.hpp>
#include <holdfast/record/partitioner.hpp>

#include <catch2/catch.hpp>

#include <filesystem>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr PartitionIndex kPartitions = 4;

PartitionIndex place_of(std::string_view key, PartitionIndex partitions = kPartitions) {
    return record::partition_for(as_bytes(key), partitions);
}

bool in_place(const log::Log& log) {
    return log.find_stream("s")->keys_in_place;
}

// What the sender of the batch says of it, beside its partition.
Result<void> append(log::Log& log, PartitionId partition, const std::string& key,
                    PartitionIndex keyed_among) {
    WaitedGroup group;
    group.add_keyed(partition, {{key, "v"}});
    group.appends[0].keyed_among = keyed_among;
    log.append(group);
    HF_TRY(group.wait());
    if (group.appends[0].refused) return *group.appends[0].refused;
    return ok();
}

} // namespace

TEST_CASE("a new stream's keys are in place as long as each record's is", "[log]") {
    LogFixture at;
    const StreamId stream = at.make_stream("s", kPartitions).stream;
    CHECK(in_place(*at.log));
    for (const char* key : {"a", "b", "c", "d"}) {
        REQUIRE(append(*at.log, {stream, place_of(key)}, key, 0)); // looked at
        REQUIRE(append(*at.log, {stream, place_of(key)}, key, kPartitions));
    }
    CHECK(in_place(*at.log));
    at.reopen();
    CHECK(in_place(*at.log));
    const auto version = at.log->streams_version();
    const PartitionIndex elsewhere = (place_of("a") + 1) % kPartitions;
    REQUIRE(append(*at.log, {stream, elsewhere}, "a", 0));
    CHECK_FALSE(in_place(*at.log));
    CHECK(at.log->streams_version() > version);
    CHECK(read_keyed(*at.log, {stream, elsewhere}).value().back().record.key == "a");
    at.reopen();
    CHECK_FALSE(in_place(*at.log));
    REQUIRE(at.log->alter_stream(at.log->find_stream("s")->settings));
    CHECK_FALSE(in_place(*at.log)); // a change of settings vouches for nothing
}

TEST_CASE("records without a key, and ticks, may lie anywhere", "[log]") {
    const auto tick = record::make_tick(1);
    record::BatchBuilder builder;
    builder.append(1, std::nullopt, as_bytes("v"), 0, {});
    const auto finished = builder.finish();
    const Bytes keyless(finished.begin(), finished.end());
    for (PartitionIndex index = 0; index < kPartitions; ++index) {
        CHECK(log::keys_lie_in(index, kPartitions, tick));
        CHECK(log::keys_lie_in(index, kPartitions, keyless));
    }
}

TEST_CASE("one key of a batch that lies elsewhere is found, and damage is no proof", "[log]") {
    WaitedGroup group;
    std::string other = "b";
    while (place_of(other) == place_of("a")) other += 'b';
    group.add_keyed({}, {{"a", "1"}, {"a", "2"}, {other, "3"}});
    Bytes batch(group.appends[0].batch.begin(), group.appends[0].batch.end());
    CHECK_FALSE(log::keys_lie_in(place_of("a"), kPartitions, batch));
    CHECK_FALSE(log::keys_lie_in(place_of(other), kPartitions, batch));
    CHECK(log::keys_lie_in(0, 1, batch));
    batch.back() ^= std::byte{1};
    CHECK_FALSE(log::keys_lie_in(place_of("a"), kPartitions, batch));
}

TEST_CASE("growth moves keys, unless nothing was appended yet", "[log]") {
    LogFixture at;
    const StreamId stream = at.make_stream("s", kPartitions).stream;
    auto settings = at.log->find_stream("s")->settings;
    settings.partitions = 8;
    REQUIRE(at.log->alter_stream(settings));
    CHECK(in_place(*at.log));
    std::string key = "k";
    while (place_of(key, 4) == place_of(key, 8)) key += 'k';

    SECTION("a sender that knew fewer partitions is not believed") {
        REQUIRE(append(*at.log, {stream, place_of(key, 4)}, key, 4));
        CHECK_FALSE(in_place(*at.log));
    }
    SECTION("a stream with records that grows") {
        REQUIRE(append(*at.log, {stream, place_of(key, 8)}, key, 8));
        settings.partitions = 16;
        settings.retention_ms = 1000;
        REQUIRE(at.log->alter_stream(settings));
        CHECK_FALSE(in_place(*at.log));
        at.reopen();
        CHECK_FALSE(in_place(*at.log));
    }
}

TEST_CASE("no power loss leaves a record elsewhere that is not known of", "[log]") {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        CAPTURE(seed);
        kv::SimulatedStorage disk(seed);
        LogFixture at(disk.storage());
        log::StreamSettings settings;
        settings.name = "s";
        settings.partitions = kPartitions;
        settings.durability = log::Durability::os; // so that the record alone is not synced
        const StreamId stream = at.log->create_stream(settings).value()->id;
        const PartitionIndex elsewhere = (place_of("a") + 1) % kPartitions;
        if (seed % 2 != 0) disk.fail_after(1 + seed);
        const auto appended = append(*at.log, {stream, elsewhere}, "a", 0);
        disk.cut_power();
        at.log.reset();
        disk.restore();
        at.start();
        if (appended) CHECK_FALSE(in_place(*at.log));
        if (!read_keyed(*at.log, {stream, elsewhere}).value().empty())
            CHECK_FALSE(in_place(*at.log));
    }
}

TEST_CASE("nothing is known of streams that an older version made", "[log]") {
    LogFixture at{LogFixture::Start::later};
    std::filesystem::copy("tests/log/golden/format-1", at.path());
    at.start();
    for (const auto& stream : at.log->streams()) CHECK_FALSE(stream->keys_in_place);
    at.reopen();
    for (const auto& stream : at.log->streams()) CHECK_FALSE(stream->keys_in_place);
}
