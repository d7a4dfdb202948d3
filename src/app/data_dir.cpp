#include "app/data_dir.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

namespace holdfast::app {

Result<void> expect_unused(const std::filesystem::path& data_dir) {
    // The file that the database locks, as POSIX record locks do, for as long as it is open.
    const std::filesystem::path lock_file = data_dir / "log" / "LOCK";
    const int file = ::open(lock_file.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return ok(); // never opened before, or not ours to open: the database says why
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    const bool is_known = ::fcntl(file, F_GETLK, &lock) == 0;
    ::close(file);
    if (!is_known || lock.l_type == F_UNLCK) return ok();
    return fail(Errc::denied,
                fmt::format("the data directory {} is locked: process {} is a server that uses it",
                            data_dir.string(), lock.l_pid));
}

} // namespace holdfast::app
