#pragma once

#include "log/store.hpp"

#include <cstdint>
#include <limits>

namespace holdfast::log {

// Where a partition was in time, at offsets about a MiB apart: each entry holds the largest time of
// its span's records up to its offset. Times may go back and forth; within a span these maxima do
// not fall, and a span has its last entry at its end once another has begun. So a clock that ran
// ahead for a while misleads a search within its span at most. Format: docs/format/log.md.

// The first offset whose record has a time >= `timestamp_ms`; the high watermark if none. The
// caller holds `store.reopening` shared. Errors: io.
[[nodiscard]] Result<Offset> find_offset_at(const Store& store, const Partition& partition,
                                            std::int64_t timestamp_ms);

// The rest is for the committer. Finds out where the partition's last span stands, once after each
// start, before anything is staged for it. Errors: io.
[[nodiscard]] Result<void> load_time(const Store& store, Partition& partition);
// The span before the one in `slice` is to become part of it: its times do not fall below `max_ms`,
// the largest before them. Errors: corrupt, io.
[[nodiscard]] Result<void> stage_merged_times(const Store& store, Partition& partition,
                                              const Slice& slice, std::int64_t max_ms,
                                              kv::WriteBatch& batch);
// Another span follows the last one, at the partition's next offset.
void stage_span_time(const Store& store, Partition& partition, kv::WriteBatch& batch);
// A batch of `bytes` was staged, up to the partition's next offset.
void stage_batch_time(const Store& store, Partition& partition, std::int64_t timestamp_max_ms,
                      std::uint64_t bytes, kv::WriteBatch& batch);

} // namespace holdfast::log
