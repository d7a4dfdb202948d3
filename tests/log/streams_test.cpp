// Goal: streams are made, changed while they are written, and stand as they were after a restart,
// also where an older version wrote them.
#include "log/log_fixture.hpp"

#include <holdfast/kv/database.hpp>
#include <holdfast/log/stream_settings.hpp>
#include <holdfast/record/batch_view.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE("settings are set and shown under our names and Kafka's", "[log]") {
    log::StreamSettings settings;
    settings.name = "s";
    const auto set = [&](std::string_view name, std::string_view value) {
        return log::set_setting(settings, name, value);
    };
    const auto shown = [&](std::string_view name) {
        return log::setting_text(settings, name).value();
    };
    REQUIRE(set("retention.ms", "1000"));
    CHECK(shown("retention_ms") == "1000");
    REQUIRE(set("retention_ms", "-1"));
    CHECK(shown("retention.ms") == "-1");
    REQUIRE(set("retention.bytes", "5"));
    CHECK(settings.retention_bytes == 5);
    REQUIRE(set("max.message.bytes", "2048"));
    CHECK(settings.message_bytes_max == 2048);
    REQUIRE(set("message.timestamp.type", "LogAppendTime"));
    CHECK(shown("timestamp_type") == "append");
    CHECK(shown("compression.type") == "producer");
    REQUIRE(set("compression.type", "zstd"));
    CHECK(shown("compression") == "zstd");
    REQUIRE(set("compression.type", "uncompressed"));
    CHECK(shown("compression") == "none");
    REQUIRE(set("durability", "os"));
    CHECK(settings.durability == log::Durability::os);
    CHECK(log::check_settings(settings));

    SECTION("each of them, back to what it was") {
        for (const auto& [name, kafka] : log::setting_names()) {
            log::StreamSettings other;
            for (const auto& spelling : {name, kafka}) {
                if (spelling.empty()) continue;
                REQUIRE(log::set_setting(other, spelling, shown(spelling)));
                CHECK(log::setting_text(other, spelling).value() == shown(spelling));
            }
        }
    }
    SECTION("and what is wrong is refused by name") {
        const auto refused = [&](std::string_view name, std::string_view value) {
            const auto outcome = set(name, value);
            REQUIRE_FALSE(outcome);
            return outcome.error();
        };
        CHECK(refused("speed", "1").code == Errc::not_found);
        CHECK(refused("", "1").code == Errc::not_found);
        CHECK(refused("retention.ms", "0").context ==
              "retention.ms: must be positive, or -1 for no bound");
        CHECK(refused("retention.ms", "-2").code == Errc::malformed);
        CHECK(refused("retention_ms", "1d").code == Errc::malformed);
        CHECK(refused("retention_bytes", "").code == Errc::malformed);
        CHECK(refused("max.message.bytes", "1023").code == Errc::malformed);
        CHECK(refused("max.message.bytes", "268435457").code == Errc::malformed);
        CHECK(refused("compression.type", "brotli").context ==
              "compression.type: one of none, gzip, snappy, lz4, zstd is expected, not 'brotli'");
        CHECK(refused("durability", "").code == Errc::malformed);
        CHECK(refused("timestamp_type", "never").code == Errc::malformed);
    }
}

TEST_CASE("a stream gets more partitions while it is used", "[log]") {
    LogFixture at;
    const PartitionId first = at.make_stream("s", 2);
    CHECK(append_values(*at.log, first, {"a"}).value() == 0);
    const auto before = at.log->streams_version();

    auto settings = at.log->find_stream("s")->settings;
    settings.partitions = 4;
    REQUIRE(at.log->alter_stream(settings));
    CHECK(at.log->streams_version() > before);
    CHECK(append_values(*at.log, {first.stream, 3}, {"b"}).value() == 0);
    CHECK(append_values(*at.log, first, {"c"}).value() == 1);

    at.reopen();
    CHECK(at.log->find_stream("s")->settings.partitions == 4);
    CHECK(read_all(*at.log, first).value() == std::vector<StoredValue>{{0, "a"}, {1, "c"}});
    CHECK(read_all(*at.log, {first.stream, 3}).value() == std::vector<StoredValue>{{0, "b"}});

    settings.partitions = 3;
    const auto fewer = at.log->alter_stream(settings);
    REQUIRE_FALSE(fewer);
    CHECK(fewer.error().code == Errc::malformed);
}

TEST_CASE("a stream keeps its UUID, and its name's next owner has another", "[log]") {
    LogFixture at;
    at.make_stream("s");
    const auto first = at.log->find_stream("s");
    CHECK(log::to_string(first->uuid).size() == 36);
    at.reopen();
    CHECK(at.log->find_stream("s")->uuid == first->uuid);
    auto settings = first->settings;
    settings.durability = log::Durability::os;
    REQUIRE(at.log->alter_stream(settings));
    CHECK(at.log->find_stream("s")->uuid == first->uuid);
    REQUIRE(at.log->delete_stream("s"));
    at.make_stream("s");
    CHECK(at.log->find_stream("s")->uuid != first->uuid);
    CHECK(at.log->find_stream("s")->id != first->id);
}

TEST_CASE("records carry the log's time where the stream says so", "[log]") {
    LogFixture at;
    const PartitionId partition = at.make_stream("s");
    at.clock.advance_ms(123'456);
    const std::int64_t now_ms = at.clock.now_ms();
    const auto time_of = [&](Offset offset) {
        auto fetched = at.log->fetch(partition, offset, 1).value();
        auto batch = record::BatchView::open(fetched.batches);
        REQUIRE(batch);
        record::RecordView record;
        REQUIRE(batch.value().next(record).value());
        return record.timestamp_ms;
    };
    CHECK(append_values(*at.log, partition, {"a"}).value() == 0);
    CHECK(time_of(0) == 1'700'000'000'000); // the producer's

    auto settings = at.log->find_stream("s")->settings;
    settings.timestamp_type = log::TimestampType::append;
    REQUIRE(at.log->alter_stream(settings));
    CHECK(append_values(*at.log, partition, {"b"}).value() == 1);
    CHECK(time_of(1) == now_ms);
    at.reopen();
    CHECK(time_of(1) == now_ms);
    CHECK(at.log->find_stream("s")->settings.timestamp_type == log::TimestampType::append);
}

TEST_CASE("a log of format 1 is brought up to this one", "[log]") {
    // Written by the first version: `telemetry` (2 partitions, lz4) and `kept` (for ever, os) with
    // three records each, and `alarms`.
    LogFixture at{LogFixture::Start::later};
    std::filesystem::copy("tests/log/golden/format-1", at.path());
    at.start();
    const auto telemetry = at.log->find_stream("telemetry");
    const auto kept = at.log->find_stream("kept");
    REQUIRE(telemetry);
    REQUIRE(kept);
    CHECK(telemetry->settings.partitions == 2);
    CHECK(telemetry->settings.compression == record::Compression::lz4);
    CHECK(kept->settings.retention_ms == -1);
    CHECK(kept->settings.retention_bytes == 1 << 30);
    CHECK(kept->settings.durability == log::Durability::os);
    CHECK(kept->settings.timestamp_type == log::TimestampType::create);
    CHECK(kept->uuid != log::StreamUuid{});
    CHECK(kept->uuid != telemetry->uuid);
    const std::vector<StoredValue> values{{0, R"({"k":1})"}, {1, R"({"k":2})"}, {2, R"({"k":3})"}};
    CHECK(read_all(*at.log, {kept->id, 0}).value() == values);
    CHECK(read_all(*at.log, {telemetry->id, 0}).value().size() == 1);
    CHECK(read_all(*at.log, {telemetry->id, 1}).value().size() == 2);
    CHECK(append_values(*at.log, {kept->id, 0}, {"new"}).value() == 3);

    const auto uuid = kept->uuid;
    at.reopen();
    CHECK(at.log->find_stream("kept")->uuid == uuid);
    CHECK(read_all(*at.log, {kept->id, 0}).value().size() == 4);
}

TEST_CASE("a log that another process writes is not brought up", "[log]") {
    // Its writer would not read its own directory again.
    LogFixture at{LogFixture::Start::later};
    std::filesystem::copy("tests/log/golden/format-1", at.path());
    kv::DatabaseOptions options;
    options.directory = at.path();
    auto writer = kv::Database::open(options);
    REQUIRE(writer);
    REQUIRE_FALSE(at.open());
    std::string format;
    std::getline(std::ifstream(at.path() / "FORMAT"), format);
    CHECK(format == "holdfast log format 1");
}

TEST_CASE("records stay where the retention goes to and fro", "[log]") {
    LogFixture at;
    const PartitionId id = at.make_stream("s", 1, 86'400'000);
    log::StreamSettings settings = at.log->find_stream("s")->settings;
    for (int i = 0; i < 6; ++i) {
        CAPTURE(i);
        settings.retention_ms = i % 2 == 0 ? 86'400'000 : 30LL * 86'400'000;
        REQUIRE(at.log->alter_stream(settings));
        REQUIRE(append_values(*at.log, id, {std::to_string(i)}).value() == i);
    }
    at.reopen();
    const auto all = read_all(*at.log, id).value();
    REQUIRE(all.size() == 6);
    for (int i = 0; i < 6; ++i)
        CHECK(all[static_cast<std::size_t>(i)] == StoredValue{i, std::to_string(i)});
    const auto verified = at.log->verify([](const log::Damage& damage) { FAIL(damage.what); });
    CHECK(verified.value().records == 6);
}
