#pragma once

#include <holdfast/base/result.hpp>

#include <sys/types.h>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace holdfast::app {

// Files and directories that come together or not at all: what was made goes again with this,
// unless keep() was called.
class NewFiles {
public:
    NewFiles() = default;
    NewFiles(const NewFiles&) = delete;
    NewFiles& operator=(const NewFiles&) = delete;
    ~NewFiles();

    // Mode 0700. One that is there already must be empty, and stays when the others go. Errors:
    // already_exists (it has something in it, or is no directory), io.
    [[nodiscard]] Result<void> use_directory(const std::filesystem::path& directory);
    [[nodiscard]] Result<void> write(const std::filesystem::path& file, std::string_view text,
                                     mode_t mode);
    void keep() noexcept { is_kept_ = true; }

private:
    struct Mode {
        std::filesystem::path directory;
        std::filesystem::perms perms;
    };
    std::vector<std::filesystem::path> made_; // in the order of their making
    std::optional<Mode> before_;              // of a directory that was there
    bool is_kept_ = false;
};

} // namespace holdfast::app
