#pragma once

#include <gateway/http/taken_bytes.hpp>
#include <holdfast/base/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// What `gzip` (RFC 1952, one or several members) holds, in pieces that `taken` pays for as they
// come: what a peer claims is not believed. Errors: malformed; too_large past `bytes_max`;
// limit_exceeded where the account refuses.
[[nodiscard]] Result<std::string> gunzip(std::string_view gzip, std::size_t bytes_max,
                                         TakenBytes& taken);

} // namespace holdfast::gateway
