#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast::record {

// Kafka's zig-zag varints over raw memory; the caller has made the room.

[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
    return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
}

// Most lengths fit one or two bytes: these are told apart without a loop.
[[nodiscard]] constexpr std::size_t varint_bytes(std::int64_t value) noexcept {
    std::uint64_t rest = zigzag(value);
    if (rest < 0x80) return 1;
    if (rest < 0x4000) return 2;
    std::size_t bytes = 2;
    for (rest >>= 14U; rest != 0; rest >>= 7U) ++bytes;
    return bytes;
}

inline std::byte* put_varint(std::byte* at, std::int64_t value) noexcept {
    std::uint64_t rest = zigzag(value);
    for (; rest >= 0x80; rest >>= 7U) *at++ = static_cast<std::byte>(rest | 0x80U);
    *at++ = static_cast<std::byte>(rest);
    return at;
}

} // namespace holdfast::record
