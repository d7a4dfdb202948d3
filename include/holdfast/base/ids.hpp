#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace holdfast {

// A stream's number on disk: never reused, also after the stream is deleted.
enum class StreamId : std::uint32_t {};

using PartitionIndex = std::uint32_t; // 0 .. partitions - 1
using Offset = std::int64_t;          // position of a record in its partition, from 0, gap-free

[[nodiscard]] constexpr std::uint32_t number(StreamId id) noexcept {
    return static_cast<std::uint32_t>(id);
}

// One ordered sub-log.
struct PartitionId {
    StreamId stream{};
    PartitionIndex index = 0;

    friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

} // namespace holdfast

template <>
struct std::hash<holdfast::PartitionId> {
    std::size_t operator()(const holdfast::PartitionId& id) const noexcept {
        const std::uint64_t both = std::uint64_t{holdfast::number(id.stream)} << 32U | id.index;
        return static_cast<std::size_t>(both * 0x9E3779B97F4A7C15ULL);
    }
};
