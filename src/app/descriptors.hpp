#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/config/config.hpp>

namespace holdfast::app {

// Raises the process's limit of open files as far as it may, and lowers the limits of connections
// to what it leaves beside the log: a log that cannot open a file refuses all appends, a
// connection too many only itself. Says so where it lowers. limit_exceeded: too few to serve at
// all.
[[nodiscard]] Result<void> share_descriptors(config::Limits& limits);

} // namespace holdfast::app
