// Goal: what comes out of a compressed batch is bounded, whatever the input claims. Method: bombs,
// lies about sizes, limits set to the byte, and frames that other writers make.

#include "record/codec.hpp"
#include "record/batch_samples.hpp"

#include <snappy.h>
#include <catch2/catch.hpp>

using namespace holdfast;
using namespace holdfast::record;

namespace {

constexpr std::size_t kMiB = 1U << 20U;

Bytes compressed(Compression codec, ByteView from) {
    Bytes out(from.size());
    out.resize(compress(codec, from, out));
    return out;
}

Errc error_of(Compression codec, ByteView from, std::size_t bytes_max = kMiB) {
    const auto out = decompress(codec, from, bytes_max);
    REQUIRE_FALSE(out);
    return out.error().code;
}

} // namespace

TEST_CASE("a bomb stops at the bound", "[record][codec]") {
    const auto codec =
        GENERATE(Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd);
    CAPTURE(static_cast<int>(codec));
    const Bytes bomb = compressed(codec, Bytes(32 * kMiB));
    REQUIRE(!bomb.empty());
    REQUIRE(bomb.size() < 2 * kMiB);
    CHECK(error_of(codec, bomb) == Errc::limit_exceeded);
    const Bytes batch = samples::batch_around(bomb, codec, 1, 0);
    CHECK(BatchView::open(batch, kMiB).error().code == Errc::limit_exceeded);
}

TEST_CASE("the bound is exact", "[record][codec]") {
    const auto codec =
        GENERATE(Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd);
    const auto size = GENERATE(std::size_t{1000}, std::size_t{65536}, std::size_t{300'000});
    CAPTURE(static_cast<int>(codec), size);
    const Bytes content(size, std::byte{'a'});
    const Bytes packed = compressed(codec, content);
    CHECK(decompress(codec, packed, size).value() == content);
    CHECK(error_of(codec, packed, size - 1) == Errc::limit_exceeded);
    CHECK(error_of(codec, packed, 0) == Errc::limit_exceeded);
}

TEST_CASE("what no codec wrote is corrupt", "[record][codec]") {
    const auto codec =
        GENERATE(Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd);
    CAPTURE(static_cast<int>(codec));
    CHECK(error_of(codec, {}) == Errc::corrupt);
    const Bytes noise(100, std::byte{0x5A});
    CHECK(error_of(codec, noise) == Errc::corrupt);
}

TEST_CASE("an unknown codec is not supported", "[record][codec]") {
    CHECK(error_of(Compression::none, {}) == Errc::not_supported);
    CHECK(error_of(static_cast<Compression>(7), {}) == Errc::not_supported);
    Bytes room(10);
    CHECK(compress(Compression::none, Bytes(10), room) == 0);
    CHECK(compress(static_cast<Compression>(7), Bytes(10), room) == 0);
}

TEST_CASE("plain snappy is read beside the framed form", "[record][codec]") {
    const std::string text(5000, 's');
    std::string plain;
    snappy::Compress(text.data(), text.size(), &plain);
    CHECK(as_text(decompress(Compression::snappy, as_bytes(plain), kMiB).value()) == text);
    const Bytes framed = compressed(Compression::snappy, as_bytes(text));
    CHECK(as_text(ByteView(framed).subspan(1, 6)) == "SNAPPY");
    CHECK(as_text(decompress(Compression::snappy, framed, kMiB).value()) == text);
}

TEST_CASE("a snappy block that lies about its size gets no memory", "[record][codec]") {
    // 4 GiB - 1 claimed, two bytes of content.
    const Bytes lie = {std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF},
                       std::byte{0x0F}, std::byte{0x00}, std::byte{'x'}};
    CHECK(error_of(Compression::snappy, lie) == Errc::limit_exceeded);
    const Bytes small_lie = {std::byte{0x64}, std::byte{0x00}, std::byte{'x'}}; // 100 claimed
    CHECK(error_of(Compression::snappy, small_lie) == Errc::corrupt);
}

TEST_CASE("a framed snappy block must lie inside its frame", "[record][codec]") {
    Bytes framed = compressed(Compression::snappy, Bytes(1000));
    SECTION("length past the end") {
        framed[16] = std::byte{0x7F};
        CHECK(error_of(Compression::snappy, framed) == Errc::corrupt);
    }
    SECTION("half a length") {
        framed.push_back(std::byte{0});
        CHECK(error_of(Compression::snappy, framed) == Errc::corrupt);
    }
    SECTION("blocks together past the bound") {
        CHECK(error_of(Compression::snappy, compressed(Compression::snappy, Bytes(100'000)),
                       99'999) == Errc::limit_exceeded);
    }
}

TEST_CASE("compression that finds no room says so", "[record][codec]") {
    const auto codec =
        GENERATE(Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd);
    Bytes noise(70'000);
    std::uint32_t state = 1;
    for (std::byte& byte : noise) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::byte>(state >> 24U);
    }
    Bytes room(noise.size());
    CHECK(compress(codec, noise, room) == 0);
    CHECK(compress(codec, noise, std::span(room).first(3)) == 0);
}
