#pragma once

#include <string_view>

namespace holdfast::record {

// Names of the record headers that carry what MQTT and HTTP say beside the payload. They reach the
// disk and Kafka clients: docs/format/record_batch.md gives their values and defaults.
inline constexpr std::string_view kHeaderMqttTopic = "mqtt.topic";
inline constexpr std::string_view kHeaderMqttClient = "mqtt.client";
inline constexpr std::string_view kHeaderMqttQos = "mqtt.qos";
inline constexpr std::string_view kHeaderMqttRetain = "mqtt.retain";
inline constexpr std::string_view kHeaderMqttPayloadFormat = "mqtt.payload-format";
inline constexpr std::string_view kHeaderMqttExpiry = "mqtt.expiry";
inline constexpr std::string_view kHeaderMqttResponseTopic = "mqtt.response-topic";
inline constexpr std::string_view kHeaderMqttCorrelation = "mqtt.correlation";
inline constexpr std::string_view kHeaderContentType = "content-type";
inline constexpr std::string_view kHeaderEventTime = "ts";
inline constexpr std::string_view kHeaderUserPrefix = "u.";
inline constexpr std::string_view kHeaderHops = "u.hf-hops"; // rules that a message came through
inline constexpr std::string_view kHeaderTick = "hf.tick";   // the record only tells the time

} // namespace holdfast::record
