#include "broker/stored_message.hpp"

#include <holdfast/broker/retained.hpp>
#include <holdfast/mqtt/properties.hpp>
#include <holdfast/record/header_names.hpp>

#include <charconv>

namespace holdfast::broker {
namespace {

// Our own header; what another producer wrote there may be anything.
std::uint32_t number_or_0(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

} // namespace

StoredMessage stored_message(const record::RecordView& record) {
    StoredMessage message;
    message.expires_ms = RetainedMessage::kNever;
    mqtt::Properties properties;
    bool has_properties = false;
    record::HeaderCursor cursor(record);
    for (record::HeaderView header; cursor.next(header);) {
        const std::string_view name = header.name;
        const std::string_view text = as_text(header.value);
        if (name == record::kHeaderMqttTopic) {
            message.topic = text;
        } else if (name == record::kHeaderMqttRetain) {
            message.retain = text == "1";
        } else if (name == record::kHeaderMqttExpiry) {
            message.expiry_s = number_or_0(text);
            message.expires_ms = record.timestamp_ms + std::int64_t{message.expiry_s} * 1000;
        } else if (name == record::kHeaderMqttPayloadFormat) {
            properties.payload_format_indicator = text == "1" ? 1 : 0;
            has_properties = true;
        } else if (name == record::kHeaderMqttResponseTopic) {
            properties.response_topic = text;
            has_properties = true;
        } else if (name == record::kHeaderMqttCorrelation) {
            properties.correlation_data = header.value;
            has_properties = true;
        } else if (name == record::kHeaderContentType) {
            properties.content_type = text;
            has_properties = true;
        } else if (name.starts_with(record::kHeaderUserPrefix)) {
            properties.user_properties.emplace_back(name.substr(record::kHeaderUserPrefix.size()),
                                                    text);
            has_properties = true;
        }
    }
    if (has_properties) mqtt::append_forwardable(message.properties, properties);
    return message;
}

} // namespace holdfast::broker
