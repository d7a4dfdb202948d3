#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cstdint>
#include <string_view>

namespace holdfast::broker {

// An MQTT message as its record tells of it. The topic borrows from the record.
struct StoredMessage {
    std::string_view topic;              // empty: no MQTT message
    Bytes properties;                    // MQTT 5, encoded, to forward; without the expiry interval
    std::int64_t expires_ms = 0;         // epoch milliseconds; RetainedMessage::kNever
    std::uint32_t expiry_s = UINT32_MAX; // that it was published with
    bool retain = false;                 // as it was published
};
[[nodiscard]] StoredMessage stored_message(const record::RecordView& record);

} // namespace holdfast::broker
