#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/record/batch_builder.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace holdfast::log {

// What an acknowledgement promises. Numbers reach the stream table on disk.
enum class Durability : std::uint8_t {
    fsync = 0, // survives power loss: the group was fdatasync-ed
    os = 1,    // handed to the kernel: survives a killed process
};

// Which time a record carries. Numbers reach the stream table on disk.
enum class TimestampType : std::uint8_t {
    create = 0, // as the producer gave it; the arrival for MQTT and HTTP
    append = 1, // when the log took it, whatever the producer said
};

// How records leave a stream. Numbers reach the stream table on disk.
enum class CleanupPolicy : std::uint8_t {
    expire = 0,             // by age and bytes
    compact = 1,            // when a younger record has their key
    compact_and_expire = 2, // both
};

// A stream's settings. Kafka's names for them stand in docs/streams.md.
struct StreamSettings {
    std::string name; // a legal Kafka topic name: [a-zA-Z0-9._-]{1,249}, not "." or ".."
    PartitionIndex partitions = 4;                // 1 .. 10,000
    std::int64_t retention_ms = 7LL * 86'400'000; // counted from ingest time; -1 = for ever
    std::int64_t retention_bytes = -1;            // per partition; -1 = no bound
    Durability durability = Durability::fsync;
    record::Compression compression = record::Compression::none;
    std::uint32_t message_bytes_max = 1U << 20U; // of one batch of one group, as Kafka counts it
    TimestampType timestamp_type = TimestampType::create;
    CleanupPolicy cleanup_policy = CleanupPolicy::expire;
    std::int64_t delete_retention_ms = 86'400'000; // of tombstones, from their first compaction on
    double dirty_ratio_min = 0.5; // compacted when as much of a partition's bytes is new, 0 .. 1
    bool internal = false;        // hidden from listings unless asked for

    [[nodiscard]] bool compacts() const noexcept { return cleanup_policy != CleanupPolicy::expire; }
    [[nodiscard]] bool expires() const noexcept { return cleanup_policy != CleanupPolicy::compact; }
};

// Names a stream for ever, also after its name was given to another: RFC 9562, version 4.
using StreamUuid = std::array<std::byte, 16>;
// 8-4-4-4-12 lower case hexadecimal digits.
[[nodiscard]] std::string to_string(const StreamUuid& uuid);

// A stream as it stands. Immutable: a change makes a new one under the same id.
struct Stream {
    StreamId id{};
    StreamUuid uuid{};
    StreamSettings settings;
    std::int64_t created_ms = 0;
    // Every keyed record lies in the partition that record::partition_for() gives its key. Never
    // true again once a record was appended elsewhere, or partitions came to a stream with records.
    bool keys_in_place = false;
};

} // namespace holdfast::log
