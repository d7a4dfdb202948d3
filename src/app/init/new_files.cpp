#include "app/init/new_files.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/whole_file.hpp>

#include <fmt/format.h>

#include <sys/stat.h>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

Error io_error(std::string_view what, const fs::path& path) {
    return fail(Errc::io,
                fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

} // namespace

NewFiles::~NewFiles() {
    if (is_kept_) return;
    std::error_code ignored; // what cannot be removed is left to whoever reads the reason
    for (auto path = made_.rbegin(); path != made_.rend(); ++path) fs::remove(*path, ignored);
    if (before_) fs::permissions(before_->directory, before_->perms, ignored);
}

Result<void> NewFiles::use_directory(const fs::path& directory) {
    if (::mkdir(directory.c_str(), 0700) == 0) {
        made_.push_back(directory);
        // The name in the directory above; `a/b/` is as good a name for b as `a/b`.
        const fs::path named = directory.has_filename() ? directory : directory.parent_path();
        return sync_directory(named.has_parent_path() ? named.parent_path() : fs::path("."));
    }
    if (errno != EEXIST) return io_error("make", directory);
    std::error_code error;
    const bool is_empty = fs::is_empty(directory, error);
    if (error) return fail(Errc::io, fmt::format("{}: {}", directory.string(), error.message()));
    if (!fs::is_directory(directory, error) || !is_empty)
        return fail(Errc::already_exists,
                    fmt::format("{} is there already, and not an empty directory: nothing in it "
                                "was touched",
                                directory.string()));
    const fs::perms perms = fs::status(directory, error).permissions();
    if (::chmod(directory.c_str(), 0700) != 0) return io_error("protect", directory);
    before_ = Mode{directory, perms};
    return ok();
}

Result<void> NewFiles::write(const fs::path& file, std::string_view text, mode_t mode) {
    HF_TRY(write_new(file, as_bytes(text), mode));
    made_.push_back(file);
    return ok();
}

} // namespace holdfast::app
