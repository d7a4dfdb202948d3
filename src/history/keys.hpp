#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::history {

// Keys of the history database; docs/format/history.md has the table. Integers are big-endian, and
// times have their sign bit turned, so that byte order is the order of numbers.

using GroupId = std::uint32_t;
using ShapeId = std::uint32_t;

struct ChunkKey {
    GroupId group = 0;
    std::uint16_t column = 0; // 0: times and statistics; else the field's place in the shape + 1
    std::int64_t first_ts_us = 0;
    std::uint32_t number = 0; // of the chunk: told apart where times are equal, in order of sealing

    static constexpr std::size_t kBytes = 18;
    [[nodiscard]] Bytes encode() const;
    // Nothing where it is no such key.
    [[nodiscard]] static std::optional<ChunkKey> decode(ByteView key);
};

// How far into a partition of the log rows of a time partition lie.
struct OffsetKey {
    PartitionId from;
    std::int64_t partition_us = 0; // its first microsecond; the least there is: what is over

    static constexpr std::size_t kBytes = 17;
    [[nodiscard]] Bytes encode() const;
    // Nothing where it is no such key.
    [[nodiscard]] static std::optional<OffsetKey> decode(ByteView key);
};

// The time partition that holds `ts_us`: its first microsecond.
[[nodiscard]] std::int64_t partition_of(std::int64_t ts_us, std::int64_t width_us) noexcept;
[[nodiscard]] std::string family_name(std::int64_t partition_us);
[[nodiscard]] std::optional<std::int64_t> partition_of_family(std::string_view name);

// Of a stream whose rows lie apart from others'.
struct OwnPartition {
    StreamId stream{};
    std::int64_t start_us = 0;
};
[[nodiscard]] std::string own_family_name(StreamId stream, std::int64_t partition_us);
[[nodiscard]] std::optional<OwnPartition> own_partition_of_family(std::string_view name);

// In the default family.
inline constexpr std::string_view kFormatKey = "format";
inline constexpr std::string_view kFloorsKey = "floors";      // the offsets of floor_key() are kept
inline constexpr std::string_view kKeptFromKey = "kept from"; // times before are over
[[nodiscard]] Bytes shape_key(ShapeId id);
[[nodiscard]] Bytes group_key(GroupId id);
[[nodiscard]] Bytes sealed_key(GroupId id); // next offset that the group has not sealed
[[nodiscard]] Bytes seen_key(GroupId id);   // how many rows, and their first and last times
[[nodiscard]] Bytes latest_key(GroupId id); // the newest row
[[nodiscard]] Bytes checkpoint_key(PartitionId from); // next offset to read from the log
[[nodiscard]] Bytes refused_key(StreamId stream);     // something of it was over a bound
[[nodiscard]] Bytes erasure_key(StreamId stream, std::string_view device); // up to where it goes
// The lowest offset of the rows in a time partition.
[[nodiscard]] Bytes floor_key(std::int64_t start_us, PartitionId from);
[[nodiscard]] Bytes rebuilding_key(std::string_view family); // it is built anew
[[nodiscard]] Bytes apart_key(StreamId stream); // from when on it has partitions of its own

} // namespace holdfast::history
