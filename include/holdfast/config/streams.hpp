#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::config {

enum class Durability : std::uint8_t { fsync, os };
enum class Compression : std::uint8_t { none, gzip, snappy, lz4, zstd };
enum class TimestampType : std::uint8_t { create, append };
enum class CleanupPolicy : std::uint8_t { expire, compact, compact_and_expire };

// Bounds are those of the log, which checks a stream whoever asks for it.
struct StreamConfig {
    std::string name;
    std::uint32_t partitions = 4;
    std::int64_t retention_ms = 7LL * 86'400'000; // from ingest time; -1 = for ever
    std::int64_t retention_bytes = -1;            // per partition; -1 = no bound
    Durability durability = Durability::fsync;
    Compression compression = Compression::none;
    std::uint32_t message_bytes_max = 1'152U << 10U; // a payload of 1 MiB and its headers
    TimestampType timestamp_type = TimestampType::create;
    CleanupPolicy cleanup_policy = CleanupPolicy::expire;
    std::uint64_t delete_retention_ms = 86'400'000; // of tombstones
    double dirty_ratio_min = 0.5;                   // compacted when as much is new
    bool is_in_history = true;
    std::optional<std::uint64_t> history_retention_ms{}; // else that of the whole history
    std::string where{};                                 // `file:line: streams.name`, for errors
};

} // namespace holdfast::config
