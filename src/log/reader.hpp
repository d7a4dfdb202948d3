#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Reads of one partition's stored batches. The caller holds `store.reopening` shared. Contracts
// are those of the members of Log.

[[nodiscard]] Result<Fetched> fetch_batches(const Store& store, const Partition& partition,
                                            Offset from, std::size_t bytes_max,
                                            Isolation isolation);
[[nodiscard]] Result<Offset> find_readable(const Store& store, const Partition& partition,
                                           Offset from);

} // namespace holdfast::log
