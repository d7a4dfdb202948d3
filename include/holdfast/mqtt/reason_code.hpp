#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <string_view>

namespace holdfast::mqtt {

// Protocol levels as CONNECT carries them.
enum class Version : std::uint8_t { v31 = 3, v311 = 4, v5 = 5 };

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

// MQTT5 section 2.4. A SUBACK's granted QoS 0, 1, 2 share the first three numbers.
enum class ReasonCode : std::uint8_t {
    success = 0x00,
    granted_qos1 = 0x01,
    granted_qos2 = 0x02,
    disconnect_with_will = 0x04,
    no_matching_subscribers = 0x10,
    no_subscription_existed = 0x11,
    continue_authentication = 0x18,
    re_authenticate = 0x19,
    unspecified_error = 0x80,
    malformed_packet = 0x81,
    protocol_error = 0x82,
    implementation_specific_error = 0x83,
    unsupported_protocol_version = 0x84,
    client_identifier_not_valid = 0x85,
    bad_user_name_or_password = 0x86,
    not_authorized = 0x87,
    server_unavailable = 0x88,
    server_busy = 0x89,
    banned = 0x8A,
    server_shutting_down = 0x8B,
    bad_authentication_method = 0x8C,
    keep_alive_timeout = 0x8D,
    session_taken_over = 0x8E,
    topic_filter_invalid = 0x8F,
    topic_name_invalid = 0x90,
    packet_identifier_in_use = 0x91,
    packet_identifier_not_found = 0x92,
    receive_maximum_exceeded = 0x93,
    topic_alias_invalid = 0x94,
    packet_too_large = 0x95,
    message_rate_too_high = 0x96,
    quota_exceeded = 0x97,
    administrative_action = 0x98,
    payload_format_invalid = 0x99,
    retain_not_supported = 0x9A,
    qos_not_supported = 0x9B,
    use_another_server = 0x9C,
    server_moved = 0x9D,
    shared_subscriptions_not_supported = 0x9E,
    connection_rate_exceeded = 0x9F,
    maximum_connect_time = 0xA0,
    subscription_identifiers_not_supported = 0xA1,
    wildcard_subscriptions_not_supported = 0xA2,
};

[[nodiscard]] constexpr bool is_error(ReasonCode reason) noexcept {
    return static_cast<unsigned>(reason) >= 0x80;
}

// The specification's name, e.g. "Malformed Packet"; "Unknown" for other numbers.
[[nodiscard]] std::string_view to_string(ReasonCode reason) noexcept;

// CONNACK's return code for MQTT 3 clients (MQTT311 table 3.1), the nearest one there is.
[[nodiscard]] std::uint8_t connect_return_code(ReasonCode reason) noexcept;

// What a decoder's failure is called on the wire. Decoders fail with Errc::malformed for bytes that
// cannot be parsed and Errc::not_supported for an unknown protocol version; what parses but
// breaks a rule of the protocol has a context that starts with "protocol error".
[[nodiscard]] ReasonCode reason_of(const Error& error) noexcept;

} // namespace holdfast::mqtt
