#pragma once

#include "log/store.hpp"

#include <filesystem>

namespace holdfast::log {

// On the committer thread, or after it: nothing is written meanwhile.

// Says in a directory with all that was stored where each partition ends: the next start there
// knows what it must find. Errors: io, no_space.
[[nodiscard]] Result<void> mark_closed(const Store& store, const std::filesystem::path& directory);

// Log::checkpoint(), of what was flushed and what little was not.
[[nodiscard]] Result<void> make_checkpoint(const Store& store,
                                           const std::filesystem::path& directory);

} // namespace holdfast::log
