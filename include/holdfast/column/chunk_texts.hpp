#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/column.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace holdfast::column {

// Texts of a chunk as a dictionary in order of first use, compressed, and one integer each
// (chunk_ints.hpp). Texts that all differ count up, so their integers cost nothing.
inline constexpr std::size_t kChunkTextBytesMax = 64U << 20U; // of the dictionary; asserted

void encode_texts(std::span<const std::string_view> texts, Bytes& out);

// As decode_ints(); the texts live in `arena`. limit_exceeded where it is full.
[[nodiscard]] Result<void> decode_texts(ByteReader& in, TextArena& arena,
                                        std::span<std::string_view> out);

} // namespace holdfast::column
