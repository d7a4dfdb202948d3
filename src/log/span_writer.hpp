#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Spans of partitions in a write that is being prepared. Committer thread only.

// Makes the partition's last span lie in the slice that its stream writes at `now_ms`. Errors: of
// making a column family, io.
[[nodiscard]] Result<void> stage_open_span(Store& store, Partition& partition, const Stream& stream,
                                           std::int64_t now_ms, kv::WriteBatch& batch);

// The last span's entry in the metadata.
void stage_last_span(const Store& store, Partition& partition, kv::WriteBatch& batch);

} // namespace holdfast::log
