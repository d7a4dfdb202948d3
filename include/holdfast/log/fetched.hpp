#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/ids.hpp>

#include <cstdint>

namespace holdfast::log {

// What a reader sees of transactions (KIP-98).
enum class Isolation : std::uint8_t {
    committed,   // up to the last stable offset, without aborted records and markers
    uncommitted, // all that is stored, up to the high watermark
};

struct PartitionBounds {
    Offset log_start_offset = 0;   // first offset that retention has left
    Offset last_stable_offset = 0; // first offset of a transaction under way, or the high watermark
    Offset high_watermark = 0;     // first offset not yet readable

    [[nodiscard]] Offset readable_end(Isolation isolation) const noexcept {
        return isolation == Isolation::committed ? last_stable_offset : high_watermark;
    }
};

// A transaction of one producer that did not come to pass in one partition.
struct AbortedRange {
    std::int64_t producer_id = 0;
    Offset first_offset = 0;
};

struct Fetched {
    Bytes batches; // whole stored batches back to back; the first may begin before the asked offset
    // Where to go on: past the last record of `batches` and what was left out behind it.
    Offset next_offset = 0;
    PartitionBounds bounds;
};

} // namespace holdfast::log
