// Goal: streams change between compacted and not, and expire meanwhile, without a record that
// should be there missing, or a time leading elsewhere.
#include "log/compacted_fixture.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <string>

using namespace holdfast;
using namespace holdfast::test;

TEST_CASE("a stream becomes compacted, and what it had before too", "[log][compaction]") {
    CompactedFixture at("delete");
    const std::int64_t began_ms = at.clock.now_ms();
    const std::string value(20'000, 'v');
    for (int i = 0; i < 200; ++i) {
        at.append({{std::to_string(i % 20), value + std::to_string(i)}});
        at.clock.advance_ms(2 * kDayMs / 100); // several slices
    }
    at.set("cleanup_policy", "compact");
    SECTION("at once") {}
    SECTION("and is written meanwhile") {
        at.append({{"0", value + "200"}});
    }
    const Offset end = at.log->bounds(at.id).value().high_watermark;
    const auto before = at.read(end - 20);
    at.compact();
    CHECK(at.read() == before);
    at.check_sound();
    at.reopen();
    CHECK(at.read() == before);
    at.check_sound();
    CHECK(at.append({{"0", "young"}}) == end);
    at.compact();
    CHECK(at.read().size() == 20);
    CHECK(at.read().back() == StoredRecord{end, {"0", "young"}});
    at.check_sound();
    // Times still lead to their records.
    CHECK(at.log->offset_at(at.id, began_ms).value() == at.read().front().offset);
    CHECK(at.read().front() == before[end == 200 ? 1 : 0]);
    CHECK(at.log->offset_at(at.id, at.clock.now_ms()).value() == end);
    CHECK(at.log->offset_at(at.id, at.clock.now_ms() + 1).value() == end + 1);

    SECTION("and back") {
        at.set("cleanup_policy", "delete");
        for (int i = 0; i < 5; ++i) at.append({{"0", "again"}});
        CHECK(at.read().size() == 25);
        at.clock.advance_ms(8 * kDayMs);
        at.compact(); // what was compacted expires by its own times
        REQUIRE(at.log->apply_retention(at.clock.now_ms()));
        at.clock.advance_ms(8 * kDayMs);
        REQUIRE(at.log->apply_retention(at.clock.now_ms()));
        CHECK(at.read(at.log->bounds(at.id).value().log_start_offset).empty());
        CHECK(at.log->bounds(at.id).value().high_watermark == end + 6);
        at.reopen();
        CHECK(at.append({{"0", "last"}}) == end + 6);
    }
}

TEST_CASE("times lead to their records where a clock went back before the compaction",
          "[log][compaction]") {
    CompactedFixture at("delete");
    const auto append_at = [&](int key, std::int64_t time_ms) {
        const KeyedValue record{std::to_string(key), std::string(300'000, 'v')};
        return append_keyed(*at.log, at.id, {record}, time_ms).value();
    };
    append_at(0, 5'000);
    append_at(1, 9'000);
    at.set("cleanup.policy", "compact");
    for (int i = 2; i < 12; ++i) append_at(i, 1'000 + i);
    append_at(12, 9'500);
    at.compact();
    for (const bool is_reopened : {false, true}) {
        CAPTURE(is_reopened);
        if (is_reopened) at.reopen();
        CHECK(at.log->offset_at(at.id, 1'000).value() == 0);
        CHECK(at.log->offset_at(at.id, 6'000).value() == 1);
        CHECK(at.log->offset_at(at.id, 9'001).value() == 12);
        CHECK(at.log->offset_at(at.id, 9'501).value() == 13);
        at.check_sound();
    }
}

TEST_CASE("a stream that is compacted and expires loses what is old", "[log][compaction]") {
    CompactedFixture at("compact,delete");
    for (int i = 0; i < 20; ++i) {
        at.append({{fmt::format("{:02}", i), "v"}});
        at.clock.advance_ms(kDayMs);
    }
    SECTION("by time") {
        at.compact();
        const auto left = at.read(at.log->bounds(at.id).value().log_start_offset);
        REQUIRE(left.size() == 7); // retention_ms is a week
        CHECK(left.front() == StoredRecord{13, {"13", "v"}});
    }
    SECTION("by bytes") {
        const auto bytes = at.log->stored_bytes(at.id).value();
        at.set("retention.ms", "-1");
        at.set("retention.bytes", std::to_string(bytes / 2));
        at.compact();
        CHECK(at.log->bounds(at.id).value().log_start_offset == 10);
        CHECK(at.read(10).size() == 10);
    }
    at.check_sound();
    const Offset start = at.log->bounds(at.id).value().log_start_offset;
    at.reopen();
    CHECK(at.log->bounds(at.id).value().log_start_offset == start);
    CHECK(at.append({{"x", "y"}}) == 20);
}
