#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Log::verify(). Errors: io.
[[nodiscard]] Result<Verified> verify(const Store& store,
                                      const std::function<void(const Damage&)>& found);

} // namespace holdfast::log
