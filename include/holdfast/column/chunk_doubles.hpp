#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <span>

namespace holdfast::column {

// Doubles of a chunk, given as their bits. What devices send are decimals, so most are an integer
// over a power of ten: these are kept as integers (chunk_ints.hpp) and what is no decimal (-0, NaN
// with its payload, infinities, a stray long fraction) as exceptions. Where few are decimals, the
// bytes are stored place by place and compressed. Every bit comes back.
//
// Source of the idea: Afroozeh, Kuffo and Boncz, "ALP: Adaptive Lossless floating-Point
// Compression", SIGMOD 2023. Here a value is kept only where integer / 10^e is the value again,
// which holds for every decimal of up to 15 digits, both being exact doubles (e <= 15).
void encode_doubles(std::span<const std::int64_t> bits, Bytes& out);

// As decode_ints().
[[nodiscard]] Result<void> decode_doubles(ByteReader& in, std::span<std::int64_t> bits);

} // namespace holdfast::column
