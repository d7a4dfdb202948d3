#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace holdfast::record {

// Kafka's zig-zag varints over raw memory; the caller has made the room.

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
    return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
}

// Seven bits a byte, at least one byte.
[[nodiscard]] constexpr std::size_t varint_bytes(std::int64_t value) noexcept {
    return (static_cast<std::size_t>(std::bit_width(zigzag(value) | 1U)) + 6) / 7;
}

inline std::byte* put_varint(std::byte* at, std::int64_t value) noexcept {
    std::uint64_t rest = zigzag(value);
    for (; rest >= 0x80; rest >>= 7U) *at++ = static_cast<std::byte>(rest | 0x80U);
    *at++ = static_cast<std::byte>(rest);
    return at;
}

} // namespace holdfast::record
