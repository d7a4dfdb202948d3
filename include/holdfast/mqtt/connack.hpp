#pragma once

#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

namespace holdfast::mqtt {

// CONNACK, MQTT5 section 3.2. For MQTT 3 `reason` travels as the nearest return code.
struct Connack {
    bool session_present = false;
    ReasonCode reason = ReasonCode::success;
    std::uint8_t return_code = 0; // MQTT 3, decoded only
    Properties properties;        // MQTT 5
};

[[nodiscard]] Result<Connack> decode_connack(ByteView body, Version version);
void encode_connack(Bytes& out, const Connack& connack, Version version);

} // namespace holdfast::mqtt
