#pragma once

#include <string>
#include <string_view>

namespace holdfast::record {

// JSON whose numbers simdjson takes, from one where it met a wrong number: it refuses integers
// beyond 64 bits, and what is beyond a double. The former are doubles then, by an exponent of zero,
// and the latter null, so that one reading costs its record nothing else. What is no number stays.
[[nodiscard]] std::string with_fitting_numbers(std::string_view json);

} // namespace holdfast::record
