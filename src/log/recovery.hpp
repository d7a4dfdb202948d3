#pragma once

#include "log/store.hpp"

namespace holdfast::log {

// Opens the database of store.options.directory (made if absent), brings an older format up to
// this one, reads the metadata and finds the end of every partition. Says in a log line what it
// found; damaged records never stop it. The caller holds `reopening` alone. Errors: io, no_space,
// not_supported (newer format), corrupt.
[[nodiscard]] Result<void> recover(Store& store, const Clock& clock);

// Says in the directory which format it is of.
[[nodiscard]] Result<void> write_format(const kv::Storage& storage,
                                        const std::filesystem::path& directory);

} // namespace holdfast::log
