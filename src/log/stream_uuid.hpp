#pragma once

#include <holdfast/log/stream.hpp>

namespace holdfast::log {

// A new one at random. It names the stream outside and decides nothing: no result depends on it.
[[nodiscard]] StreamUuid make_uuid();

} // namespace holdfast::log
