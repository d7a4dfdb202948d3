#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

using ByteView = std::span<const std::byte>;
using Bytes = std::vector<std::byte>;

[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

// True where `text` is well-formed UTF-8 (RFC 3629): no overlong form, no surrogate,
// nothing past U+10FFFF. An embedded U+0000 is well formed; protocols that forbid it say so.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

// Big-endian and Kafka-varint primitives over a raw pointer; the caller has checked the room.
[[nodiscard]] inline std::uint16_t load_u16_be(const std::byte* at) noexcept {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) << 8U |
                                      std::to_integer<unsigned>(at[1]));
}
[[nodiscard]] inline std::uint32_t load_u32_be(const std::byte* at) noexcept {
    return static_cast<std::uint32_t>(load_u16_be(at)) << 16U | load_u16_be(at + 2);
}
[[nodiscard]] inline std::uint64_t load_u64_be(const std::byte* at) noexcept {
    return static_cast<std::uint64_t>(load_u32_be(at)) << 32U | load_u32_be(at + 4);
}
inline void store_u16_be(std::byte* at, std::uint16_t value) noexcept {
    at[0] = static_cast<std::byte>(value >> 8U);
    at[1] = static_cast<std::byte>(value);
}
inline void store_u32_be(std::byte* at, std::uint32_t value) noexcept {
    store_u16_be(at, static_cast<std::uint16_t>(value >> 16U));
    store_u16_be(at + 2, static_cast<std::uint16_t>(value));
}
inline void store_u64_be(std::byte* at, std::uint64_t value) noexcept {
    store_u32_be(at, static_cast<std::uint32_t>(value >> 32U));
    store_u32_be(at + 4, static_cast<std::uint32_t>(value));
}

// Cursor over bytes owned by someone else. Every read checks what is left, so a
// decoder built from these cannot run off its input. All errors are Errc::malformed
// with static context. Views point into the input: valid while the caller keeps it alive.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }
    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] ByteView rest() const noexcept { return rest_; }

    [[nodiscard]] Result<std::uint8_t> u8();
    [[nodiscard]] Result<std::uint16_t> u16_be();
    [[nodiscard]] Result<std::uint32_t> u32_be();
    [[nodiscard]] Result<std::uint64_t> u64_be();

    // Kafka's zig-zag varints (protobuf's sint32/sint64), at most 5 and 10 bytes.
    [[nodiscard]] Result<std::int32_t> varint();
    [[nodiscard]] Result<std::int64_t> varlong();

    [[nodiscard]] Result<ByteView> take(std::size_t count);
    [[nodiscard]] Result<ByteView> bytes_with_u16_length();
    // Also malformed when the text is not UTF-8 or holds U+0000 [MQTT5-1.5.4].
    [[nodiscard]] Result<std::string_view> utf8_with_u16_length();

private:
    ByteView rest_;
};

// Appends primitives to a byte vector owned by someone else.
class ByteWriter {
public:
    explicit ByteWriter(Bytes& out) noexcept : out_(out) {}

    void u8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
    void u16_be(std::uint16_t value);
    void u32_be(std::uint32_t value);
    void u64_be(std::uint64_t value);
    void varint(std::int32_t value) { varlong(value); }
    void varlong(std::int64_t value);
    void bytes(ByteView value) { out_.insert(out_.end(), value.begin(), value.end()); }
    void text(std::string_view value) { bytes(as_bytes(value)); }
    void text_with_u16_length(std::string_view value); // at most 65,535 bytes: asserted

private:
    Bytes& out_;
};

} // namespace holdfast
