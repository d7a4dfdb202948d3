#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Log::verify() of one partition, from its log start to the high watermark that it has at the
// beginning; adds to `verified`. Errors: io.
[[nodiscard]] Result<void> verify_partition(const Store& store, const Stream& stream,
                                            const Partition& partition, Verified& verified,
                                            const std::function<void(const Damage&)>& found);

} // namespace holdfast::log
