#include "app/init/new_files.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

Error io_error(std::string_view what, const fs::path& path) {
    return fail(errno == EEXIST ? Errc::already_exists : Errc::io,
                fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

// Closes on every way out.
struct Descriptor {
    explicit Descriptor(int number) noexcept : fd(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
    const int fd;
};

Result<void> write_all(int fd, std::string_view text, const fs::path& file) {
    while (!text.empty()) {
        const ssize_t put = ::write(fd, text.data(), text.size());
        if (put < 0) return io_error("write", file);
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(fd) != 0) return io_error("sync", file);
    return ok();
}

Result<void> sync_directory_of(const fs::path& file) {
    const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.fd < 0 || ::fsync(opened.fd) != 0) return io_error("sync", directory);
    return ok();
}

// A key that root renews must stay readable for a server of another user: to whom the file of
// before belongs or, where there is none, its directory.
Result<void> give_to_owner_of(const fs::path& file, const fs::path& fresh) {
    if (::geteuid() != 0) return ok(); // nobody else may give files away
    struct stat owned{};
    const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (::stat(file.c_str(), &owned) != 0 && ::stat(directory.c_str(), &owned) != 0)
        return io_error("look at", directory);
    if (::lchown(fresh.c_str(), owned.st_uid, owned.st_gid) != 0)
        return io_error("keep the owner of", file);
    return ok();
}

fs::path with(const fs::path& file, std::string_view ending) {
    fs::path longer = file;
    longer += ending;
    return longer;
}

} // namespace

Result<void> write_new_file(const fs::path& file, std::string_view text, mode_t mode) {
    {
        const Descriptor opened(
            ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
        if (opened.fd < 0) return io_error("make", file);
        if (const auto written = write_all(opened.fd, text, file); !written) {
            ::unlink(file.c_str()); // half a file is no file
            return written.error();
        }
    }
    return sync_directory_of(file);
}

Result<void> replace_file(const fs::path& file, std::string_view text, mode_t mode) {
    const fs::path fresh = with(file, ".new");
    const fs::path old = with(file, ".old");
    ::unlink(fresh.c_str()); // of a run that was cut short
    HF_TRY(write_new_file(fresh, text, mode));
    HF_TRY(give_to_owner_of(file, fresh));
    ::unlink(old.c_str());
    if (::link(file.c_str(), old.c_str()) != 0 && errno != ENOENT) return io_error("keep", old);
    if (::rename(fresh.c_str(), file.c_str()) != 0) return io_error("replace", file);
    return sync_directory_of(file);
}

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
        return sync_directory_of(directory.has_filename() ? directory : directory.parent_path());
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
    HF_TRY(write_new_file(file, text, mode));
    made_.push_back(file);
    return ok();
}

} // namespace holdfast::app
