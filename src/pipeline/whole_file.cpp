#include "pipeline/whole_file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>

namespace holdfast::pipeline {
namespace {

namespace fs = std::filesystem;

Error failed(std::string_view doing, const fs::path& file, int number) {
    return fail(number == ENOSPC ? Errc::no_space : Errc::io,
                fmt::format("cannot {} {}: {}", doing, file.string(),
                            std::error_code(number, std::generic_category()).message()));
}

// An open file. Closed with its owner.
class Descriptor {
public:
    Descriptor(const fs::path& file, int flags)
        : number_(::open(file.c_str(), flags | O_CLOEXEC, 0640)) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const noexcept { return number_; }
    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

private:
    const int number_;
};

Result<void> write_and_sync(const fs::path& file, ByteView bytes) {
    const Descriptor out(file, O_WRONLY | O_CREAT | O_TRUNC);
    if (!out.is_open()) return failed("write", file, errno);
    while (!bytes.empty()) {
        const ssize_t count = ::write(out.number(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("write", file, errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    if (::fsync(out.number()) != 0) return failed("sync", file, errno);
    return ok();
}

} // namespace

Result<void> write_whole(const fs::path& file, ByteView bytes) {
    const fs::path beside = file.string() + ".new";
    std::error_code error;
    if (auto written = write_and_sync(beside, bytes); !written) {
        fs::remove(beside, error); // there may be none
        return written;
    }
    fs::rename(beside, file, error);
    if (error) return failed("rename", beside, error.value());
    const Descriptor directory(file.parent_path(), O_RDONLY | O_DIRECTORY);
    if (!directory.is_open() || ::fsync(directory.number()) != 0)
        return failed("sync", file.parent_path(), errno);
    return ok();
}

Result<Bytes> read_whole(const fs::path& file, std::size_t bytes_max) {
    const Descriptor in(file, O_RDONLY | O_NONBLOCK); // a pipe would wait for somebody to write
    if (!in.is_open()) return failed("read", file, errno);
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return fail(Errc::io, file.string() + ": is no file");
    const off_t size = ::lseek(in.number(), 0, SEEK_END);
    if (size < 0 || ::lseek(in.number(), 0, SEEK_SET) < 0) return failed("read", file, errno);
    if (static_cast<std::size_t>(size) > bytes_max)
        return fail(Errc::too_large,
                    fmt::format("{}: {} bytes; at most {}", file.string(), size, bytes_max));
    Bytes bytes(static_cast<std::size_t>(size));
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::read(in.number(), bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("read", file, errno);
        if (count == 0) return fail(Errc::io, file.string() + ": it was cut while it was read");
        at += static_cast<std::size_t>(count);
    }
    return bytes;
}

} // namespace holdfast::pipeline
