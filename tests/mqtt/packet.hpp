#pragma once

#include <holdfast/mqtt/frame.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace holdfast::mqtt {

inline Bytes bytes_of(std::initializer_list<unsigned> values) {
    Bytes out;
    for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
    return out;
}

// The one packet that `packet` holds; it must be of `type`.
inline Frame whole_frame(const Bytes& packet, PacketType type) {
    const Frame frame = next_frame(packet, 1U << 20U);
    REQUIRE(frame.status == FrameStatus::whole);
    REQUIRE(frame.size_bytes == packet.size());
    REQUIRE(frame.first_byte >> 4U == static_cast<unsigned>(type));
    return frame;
}

// Decodes every strict prefix of `body`, each in a buffer of just its size so that a sanitizer sees
// a read past its end. None decodes but those of the lengths in `legal`.
template <class Decode>
void no_prefix_decodes(ByteView body, Decode decode,
                       std::initializer_list<std::size_t> legal = {}) {
    for (std::size_t length = 0; length < body.size(); ++length) {
        const Bytes prefix(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(length));
        CAPTURE(length);
        const bool is_legal = std::find(legal.begin(), legal.end(), length) != legal.end();
        CHECK(decode(ByteView(prefix)).has_value() == is_legal);
    }
}

} // namespace holdfast::mqtt
