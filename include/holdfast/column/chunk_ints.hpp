#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <span>

namespace holdfast::column {

// Integers of a chunk in the smallest of five forms (docs/format/history.md): all the same, runs,
// and bit-packed distances from the least of the values, of their differences, or of the
// differences of those. Differences wrap around, so every int64 comes back.
void encode_ints(std::span<const std::int64_t> values, Bytes& out);

// Fills `out`, whose size is how many were encoded. The bytes may be hostile: corrupt where they do
// not give exactly that many.
[[nodiscard]] Result<void> decode_ints(ByteReader& in, std::span<std::int64_t> out);

} // namespace holdfast::column
