#pragma once

#include "log/store.hpp"

#include <holdfast/base/bytes.hpp>

namespace holdfast::log {

// Whether each keyed record of a batch for `partition` is one that the partitioner puts there among
// `partitions`. Ticks have no place: their key names nobody. False where the batch does not read.
// Cost: a hash of each key, and the batch's decompression.
[[nodiscard]] bool keys_lie_in(PartitionIndex partition, PartitionIndex partitions, ByteView batch);

// From now on a key's records lie anywhere in the stream: durable when it returns. Committer
// thread. Errors: io.
[[nodiscard]] Result<void> forget_key_placement(Store& store, const StreamEntry& entry);

} // namespace holdfast::log
