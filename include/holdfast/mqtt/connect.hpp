#pragma once

#include <holdfast/mqtt/properties.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <optional>

namespace holdfast::mqtt {

struct Will {
    std::string_view topic;
    ByteView payload;
    Qos qos = Qos::at_most_once;
    bool retain = false;
    Properties properties; // MQTT 5
};

// CONNECT, MQTT5 section 3.1 and MQTT311 section 3.1. Borrows from the packet.
struct Connect {
    Version version = Version::v5;
    bool clean_start = true; // MQTT 3: clean session
    std::uint16_t keep_alive_s = 0;
    std::string_view client_id;
    std::optional<Will> will;
    std::optional<std::string_view> user_name;
    std::optional<ByteView> password;
    Properties properties; // MQTT 5
};

// not_supported: a protocol level other than 3 (named MQIsdp), 4 and 5 (named MQTT). malformed:
// anything else, a reserved flag, a will topic that is no topic name, bytes behind the end
// included.
[[nodiscard]] Result<Connect> decode_connect(ByteView body);
void encode_connect(Bytes& out, const Connect& connect);

} // namespace holdfast::mqtt
