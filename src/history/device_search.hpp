#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/log/log.hpp>

#include <cstddef>
#include <string_view>

namespace holdfast::history {

// Whether the stream's log may have records of the device: true as soon as one is found, and where
// none is in the first `bytes_max` bytes but there are more. What does not read may be anybody's.
// Cost: reading as much. Errors: not_found (no such stream), io.
[[nodiscard]] Result<bool> may_lie_in_log(const log::Log& log, StreamId stream,
                                          std::string_view device, std::size_t bytes_max);

} // namespace holdfast::history
