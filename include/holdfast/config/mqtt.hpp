#pragma once

#include <cstdint>

namespace holdfast::config {

// What becomes of a message of an MQTT 3 client to a topic that no route takes: MQTT 3 knows no
// refusal, so its client is closed, or told that all is well and the message dropped.
enum class RefusedPublish : std::uint8_t { close, drop };

struct MqttConfig {
    std::uint16_t keep_alive_max_s = 0; // 0 = as the client asks
    std::uint16_t receive_maximum = 1'024;
    std::uint32_t packet_bytes_max = 1'152U << 10U; // a payload of 1 MiB, its topic and properties
    RefusedPublish refused_publish = RefusedPublish::close;
    std::uint32_t connect_timeout_ms = 10'000;
    std::uint64_t session_queue_bytes = 32ULL << 20U;
    std::uint16_t topic_alias_maximum = 32;
    std::uint32_t subscriptions_max = 10'000;         // of one client
    std::uint32_t session_expiry_max_s = 7 * 86'400;  // of a session without a connection
    std::uint64_t session_messages_max = 100'000;     // waiting for one persistent session
    std::uint64_t session_bytes_max = 256ULL << 20U;  // of their topics and payloads
    std::uint64_t retained_bytes_max = 256ULL << 20U; // of all retained messages
};

} // namespace holdfast::config
