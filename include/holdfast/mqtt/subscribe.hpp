#pragma once

#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <string_view>
#include <vector>

namespace holdfast::mqtt {

// One topic filter of a SUBSCRIBE and its options (MQTT5 section 3.8.3.1). The filter's UTF-8 has
// been checked, its wildcards not: an illegal filter is answered in the SUBACK.
struct SubscriptionRequest {
    std::string_view filter;
    Qos qos = Qos::at_most_once;
    bool no_local = false;
    bool retain_as_published = false;
    std::uint8_t retain_handling = 0; // 0 .. 2
};

struct Subscribe {
    std::uint16_t packet_id = 0;
    Properties properties; // MQTT 5
    std::vector<SubscriptionRequest> requests;
};

// SUBACK and UNSUBACK: one reason for each filter, in order.
struct SubscribeAnswer {
    std::uint16_t packet_id = 0;
    Properties properties; // MQTT 5
    std::vector<ReasonCode> reasons;
};

// malformed: packet id 0, no filter, reserved option bits, QoS 3, no-local on a shared filter.
[[nodiscard]] Result<Subscribe> decode_subscribe(ByteView body, Version version);
void encode_subscribe(Bytes& out, const Subscribe& subscribe, Version version);

// MQTT 3 knows 0, 1, 2 and 0x80 only: every failure is written as 0x80.
[[nodiscard]] Result<SubscribeAnswer> decode_suback(ByteView body, Version version);
void encode_suback(Bytes& out, const SubscribeAnswer& answer, Version version);

} // namespace holdfast::mqtt
