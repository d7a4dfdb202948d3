#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Makes `stream`'s entry durable, the next stream id with it. Committer thread. Errors: io.
[[nodiscard]] Result<void> save_stream(Store& store, const Stream& stream);

// Adds to `batch` that the stream and all that was known of it are gone. Committer thread.
void stage_stream_end(const Store& store, const StreamEntry& entry, kv::WriteBatch& batch);

} // namespace holdfast::log
