#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>
#include <holdfast/record/batch_view.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::record {

// A stored record as its readers mean it: topic, device, event time and the rest of what MQTT or
// HTTP said beside the payload. Borrowed: must not outlive the record's batch.
struct MessageView {
    ByteView payload;
    std::string_view topic;                 // empty: NULL
    std::optional<std::string_view> device; // record key
    std::string_view client_id;
    std::uint8_t qos = 0;
    std::optional<std::int64_t> event_ms{}; // header ts: it came with the message
    std::int64_t arrival_ms = 0;            // ingest time
    std::string_view stream;
    PartitionIndex partition = 0;
    Offset offset = 0;

    bool has_payload = true; // false: a tombstone, which says that its key is gone
    bool is_tick = false;    // says only that time has passed (docs/format/record_batch.md)
    std::uint8_t hops = 0;   // rules that the message came through
    ByteView headers{};      // all of them, still encoded; HeaderCursor walks them
    std::uint32_t header_count = 0;
};

// The one place that knows which header means what. A header whose value is damaged reads as if it
// were not there, except the hops, which count as too many: a ring of rules must end. `stream` and
// `partition` are the reader's to fill in. No allocation.
[[nodiscard]] MessageView read_message(const RecordView& record) noexcept;

// A finished batch of one tick that arrives at `now_ms`: a tombstone, so that readers that do not
// know it pass over it, with a key, because compaction keeps only the last of a key.
[[nodiscard]] Bytes make_tick(std::int64_t now_ms);

// Hops that a damaged header counts as: more than any limit.
inline constexpr std::uint8_t kHopsUnknown = 0xFF;

} // namespace holdfast::record
