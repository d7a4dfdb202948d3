#pragma once

#include "history/keys.hpp"
#include "history/rows.hpp"

#include <holdfast/history/reading.hpp>
#include <holdfast/kv/database.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace holdfast::history {

struct Group;

// Times in [from_us, to_us).
struct TimeRange {
    std::int64_t from_us = INT64_MIN;
    std::int64_t to_us = INT64_MAX;
    [[nodiscard]] bool holds(std::int64_t us) const noexcept { return us >= from_us && us < to_us; }
};

// About what a row and a value take while they are merged.
inline constexpr std::size_t kRowBytes = 48;
inline constexpr std::size_t kValueBytes = 9;

// What a group had in memory, and where its fields stand.
struct GroupView {
    GroupId id = 0;
    std::size_t fields = 0;                          // of the shape
    std::vector<std::optional<std::size_t>> columns; // of the fields asked for, in their order
    Rows head;
    std::vector<RowRef> head_refs; // ordered, folded, and in the range asked for
};

// A device as it was at one moment. What is sealed later has a number that is not read: it is here
// as a head. Moves with its heads; not to be copied.
struct DeviceView {
    std::string device;
    TimeRange range;
    std::deque<GroupView> groups; // addresses stay
    // Time partitions that may hold rows of the range, by their first microsecond; null where only
    // heads have rows.
    std::map<std::int64_t, kv::Family> partitions;
    std::int64_t partition_us = 0;
    std::uint32_t chunks_end = 0; // chunks of this number and above are newer than the heads
    Offsets told_below;
    bool is_ahead = false;                 // see Reading
    std::int64_t kept_from_us = INT64_MIN; // rows of earlier times are over
    std::size_t head_bytes = 0;

    [[nodiscard]] TimeRange partition(std::int64_t start_us) const noexcept {
        return {start_us, start_us + partition_us};
    }
};

// Rows of the group's head in the range.
[[nodiscard]] std::span<const RowRef> head_rows_in(const GroupView& group, TimeRange range);
// Whether the group's shape has these of the fields asked for, by number.
[[nodiscard]] bool has_needed(const GroupView& group, std::span<const std::size_t> needed);

} // namespace holdfast::history
