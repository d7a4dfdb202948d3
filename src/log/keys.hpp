#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::log {

// Keys as they stand on disk: docs/format/log.md.

using RecordKey = std::array<std::byte, 16>;      // stream 4 | partition 4 | last offset 8
using PartitionPrefix = std::array<std::byte, 8>; // stream 4 | partition 4

[[nodiscard]] RecordKey record_key(PartitionId partition, Offset last_offset) noexcept;
// The first key behind all of the partition's.
[[nodiscard]] RecordKey partition_end_key(PartitionId partition) noexcept;
[[nodiscard]] PartitionPrefix partition_prefix(PartitionId partition) noexcept;
[[nodiscard]] bool belongs_to(ByteView record_key, PartitionId partition) noexcept;
// Where a partition keeps what it knows of a producer.
[[nodiscard]] RecordKey producer_key(PartitionId partition, std::int64_t producer_id) noexcept;
[[nodiscard]] std::optional<PartitionId> partition_of(ByteView key) noexcept; // of 16 bytes
// Of a key that is 16 bytes long.
[[nodiscard]] Offset last_offset_of(ByteView record_key) noexcept;

// The metadata's kinds: the first byte of their keys.
enum class MetaKind : std::uint8_t {
    next_stream_id = 1,
    stream = 2,    // | stream 4
    log_start = 3, // | stream 4 | partition 4
    floor = 4,     // | stream 4 | partition 4
    span = 5,      // | stream 4 | partition 4 | slice 4
    format = 6,
    next_producer_id = 7,
    cleaned = 8, // | stream 4 | partition 4
};

[[nodiscard]] Bytes meta_key(MetaKind kind);
[[nodiscard]] Bytes meta_key(MetaKind kind, StreamId stream);
[[nodiscard]] Bytes meta_key(MetaKind kind, PartitionId partition);
[[nodiscard]] Bytes span_key(PartitionId partition, std::uint32_t slice);

} // namespace holdfast::log
