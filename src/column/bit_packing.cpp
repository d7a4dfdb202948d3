#include "column/bit_packing.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

namespace holdfast::column {
namespace {

constexpr unsigned kWidthPackedMax = 56;
constexpr std::size_t kWord = 8;

std::uint64_t load_u64_le(const std::byte* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, kWord);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
}

void store_u64_le(std::byte* at, std::uint64_t word) noexcept {
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    std::memcpy(at, &word, kWord);
}

} // namespace

unsigned packed_width(std::uint64_t largest) noexcept {
    const auto bits = static_cast<unsigned>(std::bit_width(largest));
    return bits > kWidthPackedMax ? 64 : bits;
}

std::size_t packed_bytes(std::size_t count, unsigned width) noexcept {
    return (count * width + 7) / 8;
}

void pack(std::span<const std::uint64_t> numbers, unsigned width, Bytes& out) {
    if (width == 0 || numbers.empty()) return;
    const std::size_t begin = out.size();
    const std::size_t bytes = packed_bytes(numbers.size(), width);
    out.resize(begin + bytes + kWord); // whole words are written
    std::byte* at = out.data() + begin;
    std::size_t bit = 0;
    for (const std::uint64_t number : numbers) {
        std::byte* word = at + bit / 8;
        store_u64_le(word, load_u64_le(word) | number << (bit % 8));
        bit += width;
    }
    out.resize(begin + bytes);
}

void unpack(ByteView packed, unsigned width, std::span<std::uint64_t> out) noexcept {
    assert(packed.size() == packed_bytes(out.size(), width));
    if (width == 0) {
        std::fill(out.begin(), out.end(), 0);
        return;
    }
    const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    // Numbers whose word of eight bytes lies inside `packed`; those behind are few.
    const std::size_t words = packed.size() < kWord ? 0 : packed.size() - kWord + 1;
    const std::size_t whole = std::min(out.size(), (words * 8 + width - 1) / width);
    std::size_t i = 0;
    for (; i < whole; ++i) {
        const std::size_t bit = i * width;
        out[i] = load_u64_le(packed.data() + bit / 8) >> (bit % 8) & mask;
    }
    for (; i < out.size(); ++i) {
        const std::size_t bit = i * width;
        std::array<std::byte, kWord> padded{};
        std::memcpy(padded.data(), packed.data() + bit / 8,
                    std::min(kWord, packed.size() - bit / 8));
        out[i] = load_u64_le(padded.data()) >> (bit % 8) & mask;
    }
}

} // namespace holdfast::column
