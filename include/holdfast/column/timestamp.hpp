#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::column {

// Event time as people write it, in microseconds since 1970 UTC.

// `2024-05-01T10:00:00.123456Z`, with `+02:00`, without a zone (UTC), with a space for `T`, or a
// date alone. Digits past the microsecond are dropped. Nothing where it is anything else.
[[nodiscard]] std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

// Epoch seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude: below 1e11 is
// seconds (until the year 5138), below 1e14 ms, below 1e17 us, else ns. Nothing for a negative
// number.
[[nodiscard]] std::optional<std::int64_t> timestamp_from_epoch(std::int64_t value) noexcept;
[[nodiscard]] std::optional<std::int64_t> timestamp_from_epoch(double value) noexcept;

// RFC 3339 in UTC with milliseconds, or microseconds where they are not zero. What no calendar of
// ours has (from 9e17 us, past the year 30,000) is given as its number.
[[nodiscard]] std::string format_timestamp(std::int64_t us);

} // namespace holdfast::column
