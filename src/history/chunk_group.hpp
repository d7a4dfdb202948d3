#pragma once

#include "history/keys.hpp"
#include "history/rows.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/value.hpp>
#include <holdfast/history/aggregate.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::history {

// A chunk is one value for its times and statistics and one for each field. Each carries a CRC-32C
// over its key and itself: a value that was damaged or put in another's place is corrupt, never
// wrong.

[[nodiscard]] FieldStats measure(const column::Column& column);

struct ChunkHeader {
    std::vector<std::int64_t> ts_us; // rising
    std::vector<FieldStats> columns;
};

// Rows of one group, ordered and folded, as a chunk to store: (key, value) pairs.
struct ChunkPart {
    Bytes key;
    Bytes value;
};
[[nodiscard]] std::vector<ChunkPart> make_chunk(GroupId group, std::uint32_t number,
                                                std::span<const RowRef> rows, std::size_t fields);

// Whether one of the values of a chunk is as it was stored: how many fields a header has, 0 for a
// column. corrupt, with what did not read.
[[nodiscard]] Result<std::size_t> check_part(ByteView key, ByteView value);
// corrupt, with what did not read.
[[nodiscard]] Result<ChunkHeader> read_header(ByteView key, ByteView value, std::size_t fields);
[[nodiscard]] Result<void> read_column(ByteView key, ByteView value, std::size_t rows,
                                       column::TextArena& texts, column::Column& out);

} // namespace holdfast::history
