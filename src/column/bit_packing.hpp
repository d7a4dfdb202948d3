#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace holdfast::column {

// Unsigned numbers of one width back to back, the lowest bit first. Widths past 56 are stored as
// 64, so that one load of eight bytes always holds a whole number.

// Bits that hold every number up to `largest`: 0 to 56, or 64.
[[nodiscard]] unsigned packed_width(std::uint64_t largest) noexcept;
[[nodiscard]] std::size_t packed_bytes(std::size_t count, unsigned width) noexcept;

void pack(std::span<const std::uint64_t> numbers, unsigned width, Bytes& out);
// `packed` is packed_bytes(out.size(), width) long: asserted.
void unpack(ByteView packed, unsigned width, std::span<std::uint64_t> out) noexcept;

} // namespace holdfast::column
