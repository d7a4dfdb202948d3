// Goal: byte cursors never run off their input and varints match Kafka's (protobuf zig-zag).
#include <holdfast/base/bytes.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace holdfast;

TEST_CASE("what is written is read back", "[base]") {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(7);
    writer.u16_be(0x1234);
    writer.u32_be(0xDEADBEEF);
    writer.u64_be(0x0102030405060708ULL);
    writer.text_with_u16_length("größe");
    ByteReader reader(out);
    CHECK(reader.u8().value() == 7);
    CHECK(reader.u16_be().value() == 0x1234);
    CHECK(reader.u32_be().value() == 0xDEADBEEF);
    CHECK(reader.u64_be().value() == 0x0102030405060708ULL);
    CHECK(reader.utf8_with_u16_length().value() == "größe");
    CHECK(reader.empty());
    CHECK(reader.u8().error().code == Errc::malformed);
}

TEST_CASE("a varint survives the round trip at its limits", "[base]") {
    const auto value = GENERATE(values<std::int64_t>({0, -1, 1, 63, 64, -64, -65, 8191, 1LL << 40,
                                                      std::numeric_limits<std::int64_t>::max(),
                                                      std::numeric_limits<std::int64_t>::min()}));
    Bytes out;
    ByteWriter(out).varlong(value);
    CHECK(ByteReader(out).varlong().value() == value);
    for (std::size_t length = 0; length < out.size(); ++length)
        CHECK(ByteReader(ByteView(out).first(length)).varlong().has_error());
}

TEST_CASE("a varint that does not end or does not fit is malformed", "[base]") {
    const Bytes endless(11, std::byte{0xFF});
    CHECK(ByteReader(endless).varlong().has_error());
    Bytes wide;
    ByteWriter(wide).varlong(std::int64_t{1} << 40);
    CHECK(ByteReader(wide).varint().has_error());
}

TEST_CASE("UTF-8 that the standard forbids is refused", "[base]") {
    struct Row {
        const char* why;
        std::string_view text;
        bool good;
    };
    const auto row = GENERATE(values<Row>({
        {"ASCII", "plain text that is longer than eight", true},
        {"two, three and four bytes", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true},
        {"overlong slash", "\xC0\xAF", false},
        {"overlong three", "\xE0\x80\xAF", false},
        {"surrogate", "\xED\xA0\x80", false},
        {"past U+10FFFF", "\xF4\x90\x80\x80", false},
        {"lone continuation", "abcdefgh\x80", false},
        {"cut short", "\xE2\x82", false},
    }));
    CAPTURE(row.why);
    CHECK(is_utf8(row.text) == row.good);
}
