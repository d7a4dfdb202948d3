#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/column.hpp>

#include <cstddef>

namespace holdfast::column {

// A column of a batch as bytes for the disk, and back: every row with the type and the bits it had,
// also where types differ from row to row or are NULL. The layout is in docs/format/history.md.
// There is no checksum here: whoever stores chunks adds one.
inline constexpr std::size_t kChunkRowsMax = 65'535;

void encode_column(const Column& column, Bytes& out); // at most kChunkRowsMax rows: asserted

// Replaces `out`; texts live in `arena`. The bytes may be hostile: corrupt where they are not
// exactly one chunk of `rows` rows, limit_exceeded where `arena` is full.
[[nodiscard]] Result<void> decode_column(ByteView bytes, std::size_t rows, TextArena& arena,
                                         Column& out);

} // namespace holdfast::column
