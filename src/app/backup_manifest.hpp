#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::app {

// What a backup consists of: the file `backup.json` in it, written last, so that a directory
// without one is no backup.
struct BackupManifest {
    static constexpr std::int64_t kFormat = 3; // 1: without history; 2: without models
    static constexpr const char* kFileName = "backup.json";

    struct File {
        std::string name; // in the backup's directory `log`, `history` or `trained`
        std::uint64_t bytes = 0;
        std::uint32_t crc32c = 0;
    };
    std::int64_t created_ms = 0;
    std::vector<File> log;
    std::vector<File> history; // empty: the server had none
    std::vector<File> trained; // versions of models; empty: likewise

    [[nodiscard]] std::size_t files() const noexcept {
        return log.size() + history.size() + trained.size();
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept;
};

[[nodiscard]] std::string to_json(const BackupManifest& manifest);
// Errors: corrupt, saying what is wrong; not_supported for a newer format. Names are plain: none
// leads out of its directory.
[[nodiscard]] Result<BackupManifest> read_backup_manifest(std::string_view json);

} // namespace holdfast::app
