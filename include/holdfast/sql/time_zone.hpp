#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::sql {

// A zone of the IANA database, as the system has it.
[[nodiscard]] bool is_time_zone(std::string_view name) noexcept;

// Times in microseconds. A local time is the clock on the wall as if it were UTC.

// A wall clock's time may come twice or not at all: then the first of the two, or the moment of
// the change. Unknown zones are taken as UTC: is_time_zone() is asked first.
[[nodiscard]] std::int64_t to_local(std::int64_t utc_us, std::string_view zone);
[[nodiscard]] std::int64_t to_utc(std::int64_t local_us, std::string_view zone);

// The window of `size_us` that holds a time: aligned to the epoch, or in a zone to the epoch on its
// wall clocks. End exclusive. An empty zone is UTC.
struct TimeBucket {
    std::int64_t start_us = 0;
    std::int64_t end_us = 0;
};
[[nodiscard]] TimeBucket time_bucket(std::int64_t us, std::int64_t size_us, std::string_view zone);

} // namespace holdfast::sql
