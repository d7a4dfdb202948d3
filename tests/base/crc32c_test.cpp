// Goal: CRC-32C equals the published vectors (RFC 3720 B.4) and is the same in one piece or many.
#include <holdfast/base/bytes.hpp>
#include <holdfast/base/crc32c.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

TEST_CASE("CRC-32C matches the published vectors", "[base]") {
    CHECK(crc32c(as_bytes("123456789")) == 0xE3069283);
    CHECK(crc32c(Bytes(32, std::byte{0})) == 0x8A9136AA);
    CHECK(crc32c(Bytes(32, std::byte{0xFF})) == 0x62A8AB43);
}

TEST_CASE("CRC-32C of a long input does not depend on where it is cut", "[base]") {
    Bytes bytes(10'000);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(i * 31 + i / 7);
    std::uint32_t one_by_one = 0;
    for (const std::byte& byte : bytes) one_by_one = crc32c({&byte, 1}, one_by_one);
    CHECK(crc32c(bytes) == one_by_one);
    for (const std::size_t cut : {1U, 7U, 3071U, 3072U, 6145U})
        CHECK(crc32c(ByteView(bytes).subspan(cut), crc32c(ByteView(bytes).first(cut))) ==
              one_by_one);
}
