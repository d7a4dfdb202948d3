#pragma once

#include "history/device_view.hpp"

#include <holdfast/history/reading.hpp>
#include <holdfast/kv/database.hpp>

#include <cstddef>
#include <memory>

namespace holdfast::history {

// The rows of a device as they lie in chunks. The database outlives the reading.
[[nodiscard]] std::unique_ptr<Reading> read_in_any_order(DeviceView view,
                                                         const ScanRequest& request,
                                                         const kv::Database& database,
                                                         std::size_t bytes_max);

} // namespace holdfast::history
