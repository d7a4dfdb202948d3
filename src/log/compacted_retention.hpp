#pragma once

#include "log/partition_pass.hpp"

namespace holdfast::log {

// Where the partition's first span is compacted: moves its log start past what is too old, by the
// times of records, or too much, and removes what lies before. Errors: closed, io, no_space.
[[nodiscard]] Result<void> expire_compacted(const PartitionPass& pass, std::int64_t now_ms);

} // namespace holdfast::log
