#pragma once

#include <holdfast/mqtt/subscribe.hpp>

namespace holdfast::mqtt {

struct Unsubscribe {
    std::uint16_t packet_id = 0;
    Properties properties; // MQTT 5
    std::vector<std::string_view> filters;
};

// malformed: packet id 0, no filter.
[[nodiscard]] Result<Unsubscribe> decode_unsubscribe(ByteView body, Version version);
void encode_unsubscribe(Bytes& out, const Unsubscribe& unsubscribe, Version version);

// MQTT 3's UNSUBACK has no reasons.
[[nodiscard]] Result<SubscribeAnswer> decode_unsuback(ByteView body, Version version);
void encode_unsuback(Bytes& out, const SubscribeAnswer& answer, Version version);

} // namespace holdfast::mqtt
