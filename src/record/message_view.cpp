#include <holdfast/record/message_view.hpp>

#include <holdfast/record/header_names.hpp>

#include <algorithm>
#include <charconv>

namespace holdfast::record {
namespace {

// Producers that speak Kafka choose their timestamps. Outside of what RFC 3339 can write they would
// overflow every reckoning in microseconds.
constexpr std::int64_t kArrivalMsMax = 253'402'300'799'999; // 9999-12-31

template <class Number>
Number number_or(std::string_view text, Number otherwise) noexcept {
    Number value = otherwise;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

} // namespace

MessageView read_message(const RecordView& record) noexcept {
    MessageView message;
    message.payload = record.value;
    message.has_payload = !record.is_tombstone;
    message.arrival_ms = std::clamp<std::int64_t>(record.timestamp_ms, 0, kArrivalMsMax);
    message.offset = record.offset;
    message.headers = record.headers;
    message.header_count = record.header_count;
    if (record.key) {
        message.device = as_text(*record.key);
        message.client_id = *message.device; // the header is left out where it equals the key
    }
    HeaderCursor headers(record);
    for (HeaderView header; headers.next(header);) {
        const std::string_view value = as_text(header.value);
        if (header.name == kHeaderMqttTopic) {
            message.topic = value;
        } else if (header.name == kHeaderMqttClient) {
            message.client_id = value;
        } else if (header.name == kHeaderMqttQos) {
            message.qos = number_or<std::uint8_t>(value, 0);
        } else if (header.name == kHeaderEventTime) {
            const auto ms = number_or<std::int64_t>(value, -1);
            if (ms >= 0) message.event_ms = ms;
        } else if (header.name == kHeaderHops) {
            message.hops = number_or<std::uint8_t>(value, kHopsUnknown);
        } else if (header.name == kHeaderTick) {
            message.is_tick = true;
        }
    }
    return message;
}

Bytes make_tick(std::int64_t now_ms) {
    Bytes header;
    encode_header(header, kHeaderTick, as_bytes("1"));
    const ByteView piece = header;
    BatchBuilder builder;
    builder.append(now_ms, as_bytes(kHeaderTick), std::nullopt, 1, {&piece, 1});
    const auto batch = builder.finish();
    return {batch.begin(), batch.end()};
}

} // namespace holdfast::record
