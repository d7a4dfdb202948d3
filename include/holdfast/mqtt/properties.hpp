#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/mqtt/frame.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::mqtt {

// MQTT 5 properties (MQTT5 section 2.2.2), of any packet. Texts and data borrow from the packet
// when decoded, and from whoever filled them in when encoded.
struct Properties {
    std::optional<std::uint8_t> payload_format_indicator;                       // 0x01
    std::optional<std::uint32_t> message_expiry_interval_s;                     // 0x02
    std::optional<std::string_view> content_type;                               // 0x03
    std::optional<std::string_view> response_topic;                             // 0x08
    std::optional<ByteView> correlation_data;                                   // 0x09
    std::vector<std::uint32_t> subscription_identifiers;                        // 0x0B
    std::optional<std::uint32_t> session_expiry_interval_s;                     // 0x11
    std::optional<std::string_view> assigned_client_identifier;                 // 0x12
    std::optional<std::uint16_t> server_keep_alive_s;                           // 0x13
    std::optional<std::string_view> authentication_method;                      // 0x15
    std::optional<ByteView> authentication_data;                                // 0x16
    std::optional<std::uint8_t> request_problem_information;                    // 0x17
    std::optional<std::uint32_t> will_delay_interval_s;                         // 0x18
    std::optional<std::uint8_t> request_response_information;                   // 0x19
    std::optional<std::string_view> response_information;                       // 0x1A
    std::optional<std::string_view> server_reference;                           // 0x1C
    std::optional<std::string_view> reason_string;                              // 0x1F
    std::optional<std::uint16_t> receive_maximum;                               // 0x21
    std::optional<std::uint16_t> topic_alias_maximum;                           // 0x22
    std::optional<std::uint16_t> topic_alias;                                   // 0x23
    std::optional<std::uint8_t> maximum_qos;                                    // 0x24
    std::optional<std::uint8_t> retain_available;                               // 0x25
    std::vector<std::pair<std::string_view, std::string_view>> user_properties; // 0x26
    std::optional<std::uint32_t> maximum_packet_size;                           // 0x27
    std::optional<std::uint8_t> wildcard_subscription_available;                // 0x28
    std::optional<std::uint8_t> subscription_identifier_available;              // 0x29
    std::optional<std::uint8_t> shared_subscription_available;                  // 0x2A

    friend bool operator==(const Properties& a, const Properties& b);
};

// The packets that carry properties; a will's are a kind of their own.
enum class PropertyOwner : std::uint8_t {
    connect,
    connack,
    publish,
    will,
    ack,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    disconnect,
    auth,
};

// Reads length and properties. malformed: cut short, unknown, or a value its type forbids;
// "protocol error": not allowed in that packet, twice, or out of its range. At most
// kUserPropertiesMax user properties and subscription identifiers.
inline constexpr std::size_t kUserPropertiesMax = 1024;
[[nodiscard]] Result<Properties> read_properties(ByteReader& reader, PropertyOwner owner);
// The same for the bytes behind the length.
[[nodiscard]] Result<Properties> decode_properties(ByteView bytes, PropertyOwner owner);

// Length and every property that is set.
void write_properties(ByteWriter& writer, const Properties& properties);

// Those that a server must pass on to subscribers [MQTT5 3.3.2.3], without their length.
void append_forwardable(Bytes& out, const Properties& properties);

} // namespace holdfast::mqtt
