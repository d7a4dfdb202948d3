#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <string_view>

namespace holdfast::config {

// "20GiB", "512 MB", "0": a whole number and an optional unit (B, kB, MB, GB, TB by 1000, KiB, MiB,
// GiB, TiB by 1024). Errors: malformed; limit_exceeded where it does not fit 63 bits.
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);

// "7d", "1h 30m", "200ms": whole numbers with units (ms, s, m, h, d, w), largest first or not,
// added up, as milliseconds; a bare "0" needs no unit. Errors as above.
[[nodiscard]] Result<std::uint64_t> parse_duration_ms(std::string_view text);

} // namespace holdfast::config
