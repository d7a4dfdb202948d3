#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::sql {

// Times in microseconds. A local time is the clock on the wall as if it were UTC.

// A wall clock's time may come twice or not at all: then the first of the two, or the moment of
// the change. Unknown zones are taken as UTC: is_time_zone() is asked first.
[[nodiscard]] std::int64_t to_local(std::int64_t utc_us, std::string_view zone);
[[nodiscard]] std::int64_t to_utc(std::int64_t local_us, std::string_view zone);

} // namespace holdfast::sql
