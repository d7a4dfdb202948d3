#pragma once

#include <holdfast/config/config.hpp>

#include <string_view>

namespace holdfast::config {

// "127.0.0.1:1883", "[::1]:0", "localhost:8080" (= 127.0.0.1). Errors: malformed.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

} // namespace holdfast::config
