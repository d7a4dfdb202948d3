#pragma once

#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

namespace holdfast::mqtt {

// DISCONNECT (MQTT5 section 3.14) and AUTH (3.15): a reason and properties. Empty in MQTT 3.
struct Disconnect {
    ReasonCode reason = ReasonCode::success;
    Properties properties;
};
struct Auth {
    ReasonCode reason = ReasonCode::success;
    Properties properties;
};

// malformed: a reason that the packet does not have, bytes where MQTT 3 has none.
[[nodiscard]] Result<Disconnect> decode_disconnect(ByteView body, Version version);
void encode_disconnect(Bytes& out, const Disconnect& disconnect, Version version);

// MQTT 5 only.
[[nodiscard]] Result<Auth> decode_auth(ByteView body);
void encode_auth(Bytes& out, const Auth& auth);

void encode_pingreq(Bytes& out);
void encode_pingresp(Bytes& out);

} // namespace holdfast::mqtt
