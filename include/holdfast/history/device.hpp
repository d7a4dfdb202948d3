#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/column/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::history {

inline constexpr std::size_t kDeviceNameBytesMax = 1'024;

// Whether a record's key can be a device: text of 1 to kDeviceNameBytesMax bytes, UTF-8 and without
// NUL, so that JSON and the path of a URL can name it. Other keys are no devices: their records
// stay in the log alone.
[[nodiscard]] bool is_device_name(std::string_view key) noexcept;

// What is known of a device in one stream. Times are event times.
struct DeviceSummary {
    std::string device;
    StreamId stream{};
    std::int64_t first_ts_us = INT64_MAX;
    std::int64_t last_ts_us = INT64_MIN;
    std::uint64_t messages = 0; // those that were delivered twice count twice
    std::size_t fields = 0;
};

struct LatestValue {
    std::string field;
    std::int64_t ts_us = 0;
    column::Value value; // text is borrowed from Latest::texts
};

// The value of each field in the last message that had the field; NULL where it said so.
struct Latest {
    std::vector<LatestValue> values; // in the order in which the fields were first seen
    std::vector<Bytes> texts;        // moves with them; not to be copied
};

} // namespace holdfast::history
