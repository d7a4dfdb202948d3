#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace holdfast::broker {

// Small surgery on PUBLISH packets that Fanout has encoded, hence known to be well formed.

// Cuts the first packet off `packets`.
[[nodiscard]] ByteView take_packet(ByteView& packets);
[[nodiscard]] std::string_view topic_of(ByteView packet);
// Whether its QoS is not 0.
[[nodiscard]] bool has_packet_id(ByteView packet);
// Where the packet id stands, where there is one, from the packet's first byte.
[[nodiscard]] std::uint32_t packet_id_position(ByteView packet);
// A copy; an MQTT 5 packet gets one subscription identifier property for each of `identifiers`.
[[nodiscard]] Bytes with_identifiers(ByteView packet, std::span<const std::uint32_t> identifiers);

} // namespace holdfast::broker
