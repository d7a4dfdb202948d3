#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/config/config.hpp>

namespace holdfast::app {

// What the modules say about a configuration: routes, settings of streams, models, rules and the
// streams that these name. `check` and `serve` both ask it, before any directory is touched.
// malformed, with a line `file:line: ...` for every mistake.
[[nodiscard]] Result<void> check_config(const config::Config& config);

} // namespace holdfast::app
