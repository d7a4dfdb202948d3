#pragma once

#include "log/partition_pass.hpp"

namespace holdfast::log {

// Moves what a partition wrote before its stream was compacted out of the slices of time, which
// would have to stay for it: byte for byte into the compacted span that follows, which begins
// earlier once all is there. Errors: closed, io, no_space, corrupt (metadata).
[[nodiscard]] Result<void> adopt_spans(const PartitionPass& pass, std::int64_t now_ms);

} // namespace holdfast::log
