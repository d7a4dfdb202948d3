#pragma once

#include "app/backup_manifest.hpp"

#include <holdfast/log/log.hpp>

#include <filesystem>
#include <stop_token>

namespace holdfast::app {

// Copies what a running server has stored in `data_dir` into `directory`, which is absent or empty
// and not in the data directory: all that was acknowledged before, consistent. Links where it can,
// and reads every file for its checksum. Takes its time; ends with `closed` when `stop` says so.
// Errors: malformed, already_exists, io, no_space, corrupt (a file that does not read); then the
// directory is left as it was.
[[nodiscard]] Result<BackupManifest> make_backup(log::Log& log,
                                                 const std::filesystem::path& data_dir,
                                                 const std::filesystem::path& directory,
                                                 const Clock& clock, const std::stop_token& stop);

// Copies a backup into `data_dir`, which is absent or empty, checking every file, and opens it once
// before it is in its place. Errors: not_found (no backup), corrupt, not_supported (newer format),
// already_exists (not empty), io, no_space; then nothing is left in the data directory.
[[nodiscard]] Result<BackupManifest> restore_backup(const std::filesystem::path& directory,
                                                    const std::filesystem::path& data_dir);

} // namespace holdfast::app
