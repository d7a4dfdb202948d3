// Goal: the fixed header says whole, incomplete, too large or malformed before a body is waited
// for.
#include "packet.hpp"

using namespace holdfast;
using namespace holdfast::mqtt;

TEST_CASE("a packet is whole once its last byte is there", "[mqtt]") {
    const Bytes input = bytes_of({0x30, 3, 0, 1, 'a', 0xC0});
    for (std::size_t size = 0; size < 5; ++size)
        CHECK(next_frame(ByteView(input).first(size), 100).status == FrameStatus::incomplete);
    const Frame frame = next_frame(input, 100);
    CHECK(frame.status == FrameStatus::whole);
    CHECK(frame.first_byte == 0x30);
    CHECK(frame.size_bytes == 5);
    CHECK(frame.body.size() == 3);
}

TEST_CASE("a packet past the limit is refused by its header alone", "[mqtt]") {
    const Bytes input = bytes_of({0x30, 0xFF, 0xFF, 0xFF, 0x7F});
    CHECK(next_frame(input, 1000).status == FrameStatus::too_large);
    CHECK(next_frame(input, 1000).size_bytes == 5 + 268'435'455U);
    CHECK(next_frame(bytes_of({0xC0, 0}), 2).status == FrameStatus::whole);
    CHECK(next_frame(bytes_of({0x30, 1, 0}), 2).status == FrameStatus::too_large);
}

TEST_CASE("a length of five bytes is malformed", "[mqtt]") {
    CHECK(next_frame(bytes_of({0x30, 0xFF, 0xFF, 0xFF, 0xFF}), 1000).status ==
          FrameStatus::malformed);
    CHECK(next_frame(bytes_of({0x30, 0xFF, 0xFF, 0xFF}), 1000).status == FrameStatus::incomplete);
}

TEST_CASE("variable byte integers use the fewest bytes [MQTT-1.5.5-1]", "[mqtt]") {
    for (const std::uint32_t value :
         {0U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U, 268'435'455U}) {
        Bytes out;
        ByteWriter writer(out);
        write_variable_byte_integer(writer, value);
        CHECK(out.size() == variable_byte_integer_bytes(value));
        ByteReader reader(out);
        CHECK(read_variable_byte_integer(reader).value() == value);
    }
    for (const Bytes& bad : {bytes_of({0x80, 0}), bytes_of({0x80, 0x80, 0x80, 0x80, 1}),
                             bytes_of({0x80}), bytes_of({})}) {
        ByteReader reader(bad);
        CHECK(read_variable_byte_integer(reader).has_error());
    }
}

TEST_CASE("only PUBREL, SUBSCRIBE and UNSUBSCRIBE carry flags 0010 [MQTT-2.1.3-1]", "[mqtt]") {
    CHECK(flags_are_legal(PacketType::pubrel, 2));
    CHECK(flags_are_legal(PacketType::subscribe, 2));
    CHECK(flags_are_legal(PacketType::unsubscribe, 2));
    CHECK(flags_are_legal(PacketType::connect, 0));
    CHECK_FALSE(flags_are_legal(PacketType::subscribe, 0));
    CHECK_FALSE(flags_are_legal(PacketType::pingreq, 2));
}
