#pragma once

#include <holdfast/config/config.hpp>

#include <string_view>

namespace holdfast::config {

// "127.0.0.1:1883", "[::1]:0", "localhost:8080" (= 127.0.0.1). Errors: malformed; denied where the
// address is not a loopback one: there are no users yet, and anonymous clients come from this
// machine alone.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

} // namespace holdfast::config
