#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <vector>

namespace holdfast::broker {

// Small surgery on PUBLISH packets that Fanout has encoded, hence known to be well formed.

// Cuts the first packet off `packets`.
[[nodiscard]] ByteView take_packet(ByteView& packets);
// Where the packet id of a QoS 1 PUBLISH stands, from the packet's first byte.
[[nodiscard]] std::uint32_t packet_id_position(ByteView packet);
// A copy; an MQTT 5 packet gets one subscription identifier property for each of `identifiers`.
[[nodiscard]] Bytes with_identifiers(ByteView packet,
                                     const std::vector<std::uint32_t>& identifiers);

} // namespace holdfast::broker
