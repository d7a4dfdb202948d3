#include <holdfast/kv/reserve_file.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <system_error>
#include <utility>

namespace holdfast::kv {

ReserveFile::ReserveFile(std::filesystem::path path, std::uint64_t bytes)
    : path_(std::move(path)), bytes_(bytes) {
    std::error_code error;
    is_held_ = std::filesystem::file_size(path_, error) == bytes_ && !error;
}

void ReserveFile::take() {
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return;
    is_held_ = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes_)) == 0;
    ::close(fd);
    if (!is_held_) give_up();
}

void ReserveFile::give_up() {
    std::error_code ignored; // absent is what is wanted
    std::filesystem::remove(path_, ignored);
    is_held_ = false;
}

} // namespace holdfast::kv
