#include <holdfast/base/crc32c.hpp>

#include <array>
#include <cstring>

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace holdfast {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78; // CRC-32C, bits reversed

#ifdef __SSE4_2__

// The crc32 instruction takes three cycles but one can start in each: three neighbouring blocks
// are summed side by side, then joined. Joining shifts a CRC over the bytes that follow it, which
// is linear over GF(2): four tables of 256 hold the shift by one block for each byte of the CRC.
// Method: M. Adler, crc32c.c, 2013 (the idea; the tables are made here at compile time).
constexpr std::size_t kBlock = 1024; // bytes a stream; a multiple of 8
using ShiftTable = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr std::uint32_t shift_one_byte(std::uint32_t crc) {
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    return crc;
}

ShiftTable make_shift_table() {
    std::array<std::uint32_t, 32> column{};
    for (unsigned bit = 0; bit < 32; ++bit) {
        std::uint32_t crc = 1U << bit;
        for (std::size_t i = 0; i < kBlock; ++i) crc = shift_one_byte(crc);
        column[bit] = crc;
    }
    ShiftTable table{};
    for (unsigned byte = 0; byte < 4; ++byte) {
        for (unsigned value = 0; value < 256; ++value) {
            for (unsigned bit = 0; bit < 8; ++bit)
                if ((value >> bit & 1U) != 0) table[byte][value] ^= column[byte * 8 + bit];
        }
    }
    return table;
}

std::uint32_t shift_one_block(const ShiftTable& table, std::uint32_t crc) noexcept {
    return table[0][crc & 0xFFU] ^ table[1][crc >> 8U & 0xFFU] ^ table[2][crc >> 16U & 0xFFU] ^
           table[3][crc >> 24U];
}

std::uint64_t load_u64(const std::byte* at) noexcept {
    std::uint64_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

std::uint32_t extend(std::uint32_t state, std::span<const std::byte> bytes) noexcept {
    static const ShiftTable table = make_shift_table();
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t crc = state;
    while (left >= 3 * kBlock) {
        std::uint64_t second = 0;
        std::uint64_t third = 0;
        for (std::size_t i = 0; i < kBlock; i += 8) {
            crc = _mm_crc32_u64(crc, load_u64(at + i));
            second = _mm_crc32_u64(second, load_u64(at + kBlock + i));
            third = _mm_crc32_u64(third, load_u64(at + 2 * kBlock + i));
        }
        crc = shift_one_block(table, static_cast<std::uint32_t>(crc)) ^ second;
        crc = shift_one_block(table, static_cast<std::uint32_t>(crc)) ^ third;
        at += 3 * kBlock;
        left -= 3 * kBlock;
    }
    for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, load_u64(at));
    auto tail = static_cast<std::uint32_t>(crc);
    for (; left > 0; ++at, --left) tail = _mm_crc32_u8(tail, std::to_integer<std::uint8_t>(*at));
    return tail;
}

#else

std::array<std::uint32_t, 256> make_byte_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t value = 0; value < 256; ++value) {
        std::uint32_t crc = value;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
        table[value] = crc;
    }
    return table;
}

std::uint32_t extend(std::uint32_t state, std::span<const std::byte> bytes) noexcept {
    static const auto table = make_byte_table();
    for (const std::byte byte : bytes)
        state = (state >> 8U) ^ table[(state ^ std::to_integer<std::uint32_t>(byte)) & 0xFFU];
    return state;
}

#endif

} // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) noexcept {
    return ~extend(~seed, bytes);
}

} // namespace holdfast
