#pragma once

#include "app/backup_manifest.hpp"

#include <holdfast/log/log.hpp>

#include <filesystem>
#include <functional>
#include <stop_token>

namespace holdfast::app {

// What is kept beside the log and built from it. Thread-safe.
class BackupHistory {
public:
    virtual ~BackupHistory() = default;
    // As it stands, in a new directory on the same file system; until release() the log keeps what
    // the copy has not got, so that a copy of the log which is made meanwhile joins on.
    [[nodiscard]] virtual Result<void> checkpoint(const std::filesystem::path& directory) = 0;
    virtual void release() noexcept = 0;
};

// Links all versions of trained models into a new directory on the same file system.
using LinkTrained = std::function<Result<void>(const std::filesystem::path& directory)>;

// Copies what a running server has stored in `data_dir` into `directory`, which is absent or empty
// and not in the data directory: all that was acknowledged before, consistent. Links where it can,
// and reads every file for its checksum. Takes its time; ends with `closed` when `stop` says so.
// `history` may be null, `trained` empty. Errors: malformed, already_exists, io, no_space, corrupt
// (a file that does not read); then the directory is left as it was.
[[nodiscard]] Result<BackupManifest> make_backup(log::Log& log, BackupHistory* history,
                                                 const std::filesystem::path& data_dir,
                                                 const std::filesystem::path& directory,
                                                 const Clock& clock, const std::stop_token& stop,
                                                 const LinkTrained& trained = {});

// Copies a backup into `data_dir`, which is absent or empty, checking every file, and opens it once
// before it is in its place. Errors: not_found (no backup), corrupt, not_supported (newer format),
// already_exists (not empty), io, no_space; then nothing is left in the data directory.
[[nodiscard]] Result<BackupManifest> restore_backup(const std::filesystem::path& directory,
                                                    const std::filesystem::path& data_dir);

} // namespace holdfast::app
