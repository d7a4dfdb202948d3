#include <holdfast/base/bytes.hpp>

#include <cassert>
#include <cstring>

namespace holdfast {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `rest`, 0 where there is none.
// Ranges: Unicode standard, table 3-7.
std::size_t utf8_sequence(std::string_view rest) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
        return i < rest.size() && byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = first == 0xED ? 0x9F : 0xBF;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const unsigned low = first == 0xF0 ? 0x90 : 0x80;
        const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

} // namespace

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        // Eight ASCII bytes at a time: most topics and keys are nothing else.
        std::uint64_t eight = 0;
        while (text.size() >= sizeof eight) {
            std::memcpy(&eight, text.data(), sizeof eight);
            if ((eight & 0x8080808080808080ULL) != 0) break;
            text.remove_prefix(sizeof eight);
        }
        if (text.empty()) break;
        const std::size_t length = utf8_sequence(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

Result<ByteView> ByteReader::take(std::size_t count) {
    if (count > rest_.size()) return fail(Errc::malformed, "input ends inside a field");
    const ByteView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
}

Result<std::uint8_t> ByteReader::u8() {
    HF_TRY(const ByteView one, take(1));
    return std::to_integer<std::uint8_t>(one[0]);
}

Result<std::uint16_t> ByteReader::u16_be() {
    HF_TRY(const ByteView two, take(2));
    return load_u16_be(two.data());
}

Result<std::uint32_t> ByteReader::u32_be() {
    HF_TRY(const ByteView four, take(4));
    return load_u32_be(four.data());
}

Result<std::uint64_t> ByteReader::u64_be() {
    HF_TRY(const ByteView eight, take(8));
    return load_u64_be(eight.data());
}

Result<std::int64_t> ByteReader::varlong() {
    std::uint64_t zigzag = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        HF_TRY(const std::uint8_t byte, u8());
        if (shift == 63 && byte > 1) break; // bits past the 64th
        zigzag |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if ((byte & 0x80U) == 0)
            return static_cast<std::int64_t>(zigzag >> 1U) ^
                   -static_cast<std::int64_t>(zigzag & 1U);
    }
    return fail(Errc::malformed, "varint is too long");
}

Result<std::int32_t> ByteReader::varint() {
    HF_TRY(const std::int64_t value, varlong());
    if (value < INT32_MIN || value > INT32_MAX) return fail(Errc::malformed, "varint is too long");
    return static_cast<std::int32_t>(value);
}

Result<ByteView> ByteReader::bytes_with_u16_length() {
    HF_TRY(const std::uint16_t length, u16_be());
    return take(length);
}

Result<std::string_view> ByteReader::utf8_with_u16_length() {
    HF_TRY(const ByteView bytes, bytes_with_u16_length());
    const std::string_view text = as_text(bytes);
    if (!is_utf8(text)) return fail(Errc::malformed, "text is not UTF-8");
    if (text.find('\0') != text.npos) return fail(Errc::malformed, "text holds U+0000");
    return text;
}

void ByteWriter::u16_be(std::uint16_t value) {
    std::byte two[2];
    store_u16_be(two, value);
    bytes(two);
}

void ByteWriter::u32_be(std::uint32_t value) {
    std::byte four[4];
    store_u32_be(four, value);
    bytes(four);
}

void ByteWriter::u64_be(std::uint64_t value) {
    std::byte eight[8];
    store_u64_be(eight, value);
    bytes(eight);
}

void ByteWriter::varlong(std::int64_t value) {
    std::uint64_t zigzag =
        (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
    while (zigzag >= 0x80) {
        u8(static_cast<std::uint8_t>(zigzag | 0x80U));
        zigzag >>= 7U;
    }
    u8(static_cast<std::uint8_t>(zigzag));
}

void ByteWriter::text_with_u16_length(std::string_view value) {
    assert(value.size() <= 0xFFFF);
    u16_be(static_cast<std::uint16_t>(value.size()));
    text(value);
}

} // namespace holdfast
