#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Advances log starts past what has expired by `now_ms`, durably, and then drops the slices that
// nobody needs any more. What is wanted stays, within its bound. Committer thread only. Errors: io,
// no_space.
[[nodiscard]] Result<Held> expire(Store& store, std::int64_t now_ms, const Wanted& wanted);

// Drops closed slices, the oldest first, until they held `bytes`, and says of which partitions;
// those of streams that are kept for ever stay. Those with records that are wanted are due in
// `held`, and go where less than a twentieth of the directory's bound is left otherwise. How many
// bytes they held, about. Committer thread only. Errors: io, no_space.
[[nodiscard]] Result<std::uint64_t> drop_oldest(Store& store, std::uint64_t bytes,
                                                const Wanted& wanted, Held& held);

// Drops the closed slices in which no partition has records.
[[nodiscard]] Result<void> drop_empty_slices(Store& store);

} // namespace holdfast::log
