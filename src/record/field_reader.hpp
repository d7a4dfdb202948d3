#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast::record {

// Reads the fields of records, of which there are a dozen each: inline and without a Result per
// byte, unlike ByteReader. False where the bytes end inside a field or it is malformed; then
// nothing more may be read.
class FieldReader {
public:
    explicit FieldReader(ByteView bytes) noexcept
        : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    [[nodiscard]] ByteView rest() const noexcept { return {at_, end_}; }

    [[nodiscard]] bool skip(std::size_t count) noexcept {
        if (count > static_cast<std::size_t>(end_ - at_)) return false;
        at_ += count;
        return true;
    }
    [[nodiscard]] bool take(std::size_t count, ByteView& out) noexcept {
        const std::byte* first = at_;
        if (!skip(count)) return false;
        out = {first, count};
        return true;
    }

    // Kafka's zig-zag varints, at most 10 bytes.
    [[nodiscard]] bool varlong(std::int64_t& out) noexcept {
        // lengths and deltas of most records fit one byte
        if (at_ == end_) return false;
        auto zigzag = std::to_integer<std::uint64_t>(*at_++);
        if (zigzag >= 0x80 && !more_bytes(zigzag)) return false;
        out = static_cast<std::int64_t>(zigzag >> 1U) ^ -static_cast<std::int64_t>(zigzag & 1U);
        return true;
    }
    // Of 32 bits.
    [[nodiscard]] bool varint(std::int64_t& out) noexcept {
        return varlong(out) && out >= INT32_MIN && out <= INT32_MAX;
    }
    // A length and as many bytes; -1 is null.
    [[nodiscard]] bool nullable(std::optional<ByteView>& out) noexcept {
        std::int64_t length = 0;
        if (!varint(length) || length < -1) return false;
        if (length < 0) {
            out.reset();
            return true;
        }
        return take(static_cast<std::size_t>(length), out.emplace());
    }

private:
    bool more_bytes(std::uint64_t& zigzag) noexcept {
        zigzag &= 0x7FU;
        for (unsigned shift = 7; shift < 64 && at_ != end_; shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(*at_++);
            if (shift == 63 && byte > 1) return false; // bits past the 64th
            zigzag |= (byte & 0x7FU) << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }

    const std::byte* at_;
    const std::byte* end_;
};

} // namespace holdfast::record
