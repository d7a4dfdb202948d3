#pragma once

#include <holdfast/config/config.hpp>

#include <string>
#include <vector>

namespace holdfast::app {

// Settings that are right and do nothing, because of others: a line `file:line: ...` for each. They
// stop no start; `check` and `serve` both say them.
[[nodiscard]] std::vector<std::string> settings_without_effect(const config::Config& config);

} // namespace holdfast::app
