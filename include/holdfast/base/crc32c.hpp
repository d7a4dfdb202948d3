#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, continuing from `seed` = the CRC of what
// stood before. SSE4.2 in three interleaved streams where the CPU has it, a table elsewhere.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes,
                                   std::uint32_t seed = 0) noexcept;

} // namespace holdfast
