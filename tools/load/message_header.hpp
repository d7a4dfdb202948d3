#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace holdfast::load {

// The first bytes of every measured payload, in the machine's own byte order (only this
// program reads them): who sent it, its number, and when it was (meant to be) sent.
//
//   0  publisher  u32
//   4  magic      u32   tells our messages from others on the same topic
//   8  sequence   u64   from 0 per publisher
//   16 sent_ns    u64   monotonic clock
struct MessageHeader {
    std::uint32_t publisher;
    std::uint32_t magic;
    std::uint64_t sequence;
    std::uint64_t sent_ns;
};
inline constexpr std::size_t kMessageHeaderBytes = 24;
inline constexpr std::uint32_t kMessageMagic = 0x4C464831; // "1HFL"
static_assert(sizeof(MessageHeader) == kMessageHeaderBytes);

[[nodiscard]] inline MessageHeader read_header(const std::byte* at) noexcept {
    MessageHeader header{};
    std::memcpy(&header, at, kMessageHeaderBytes);
    return header;
}
inline void write_header(std::byte* at, const MessageHeader& header) noexcept {
    std::memcpy(at, &header, kMessageHeaderBytes);
}

} // namespace holdfast::load
