#pragma once

#include <holdfast/base/result.hpp>

#include <string>
#include <string_view>

namespace holdfast::app {

// An answer in JSON (docs/rest/query.md) as a table for a terminal: numbers on the right, NULL
// where there is no value, control characters escaped, a line with the counts at the end.
// malformed.
[[nodiscard]] Result<std::string> result_table(std::string_view json);

} // namespace holdfast::app
