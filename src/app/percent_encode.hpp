#pragma once

#include <string>
#include <string_view>

namespace holdfast::app {

// For a path or a query: everything that is not a letter or digit becomes %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

} // namespace holdfast::app
