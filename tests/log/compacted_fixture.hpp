#pragma once

#include "log/log_fixture.hpp"

#include <holdfast/log/stream_settings.hpp>

#include <catch2/catch.hpp>

#include <string_view>
#include <vector>

namespace holdfast::test {

inline constexpr std::int64_t kDayMs = 86'400'000;

// A log with one stream of one partition, compacted as soon as anything is new.
struct CompactedFixture : LogFixture {
    PartitionId id;

    explicit CompactedFixture(const char* policy = "compact") {
        log::StreamSettings settings;
        settings.name = "twins";
        settings.partitions = 1;
        settings.dirty_ratio_min = 0;
        REQUIRE(log::set_setting(settings, "cleanup.policy", policy));
        id = {log->create_stream(settings).value()->id, 0};
    }
    void set(std::string_view name, std::string_view value) {
        auto settings = log->find_stream("twins")->settings;
        REQUIRE(log::set_setting(settings, name, value));
        REQUIRE(log->alter_stream(settings));
    }
    Offset append(const std::vector<KeyedValue>& records) {
        return append_keyed(*log, id, records, clock.now_ms()).value();
    }
    log::Compacted compact() { return log->compact(clock.now_ms(), {}).value(); }
    [[nodiscard]] std::vector<StoredRecord> read(
        Offset from = 0, log::Isolation isolation = log::Isolation::committed) const {
        return read_keyed(*log, id, from, isolation).value();
    }
    void check_sound() const {
        CHECK(log->verify([](const log::Damage& damage) {
                     FAIL_CHECK(damage.first << ".." << damage.last << ": " << damage.what);
                 })
                  .value()
                  .damages == 0);
    }
};

} // namespace holdfast::test
