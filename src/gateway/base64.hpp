#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <string>
#include <string_view>

namespace holdfast::gateway {

// RFC 4648 section 4, with padding.
[[nodiscard]] std::string base64(ByteView bytes);
// Errors: malformed, for anything that base64() does not write.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

} // namespace holdfast::gateway
