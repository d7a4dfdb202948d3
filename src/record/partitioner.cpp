#include <holdfast/record/partitioner.hpp>

#include <cstring>

namespace holdfast::record {

std::int32_t murmur2(ByteView bytes) noexcept {
    constexpr std::uint32_t kMultiplier = 0x5bd1e995;
    constexpr std::uint32_t kSeed = 0x9747b28c;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(left);
    for (; left >= 4; at += 4, left -= 4) {
        std::uint32_t word = 0; // little-endian, as the Java client reads it
        std::memcpy(&word, at, sizeof word);
        word *= kMultiplier;
        word ^= word >> 24U;
        word *= kMultiplier;
        hash = hash * kMultiplier ^ word;
    }
    if (left != 0) {
        for (std::size_t i = 0; i < left; ++i)
            hash ^= std::to_integer<std::uint32_t>(at[i]) << (8 * i);
        hash *= kMultiplier;
    }
    hash ^= hash >> 13U;
    hash *= kMultiplier;
    hash ^= hash >> 15U;
    return static_cast<std::int32_t>(hash);
}

std::uint32_t key_hash(ByteView key) noexcept {
    return static_cast<std::uint32_t>(murmur2(key)) & 0x7FFF'FFFFU;
}

} // namespace holdfast::record
