#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>

namespace holdfast::column {

// Bytes compressed where that makes them smaller: `raw length, stored length, stored bytes`, both
// lengths varlong. Equal lengths: as they are.
void write_block(ByteView raw, Bytes& out);

// corrupt where it does not read, or claims more than `bytes_max`.
[[nodiscard]] Result<Bytes> read_block(ByteReader& in, std::size_t bytes_max);

} // namespace holdfast::column
