#include <holdfast/base/whole_file.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace holdfast {
namespace {

namespace fs = std::filesystem;

Errc code_of(int number) noexcept {
    switch (number) {
        case ENOSPC: return Errc::no_space;
        case ENOENT: return Errc::not_found;
        case EEXIST: return Errc::already_exists;
        default: return Errc::io;
    }
}

Error failed(std::string_view doing, const fs::path& file, int number, Errc code) {
    return fail(code, fmt::format("cannot {} {}: {}", doing, file.string(),
                                  std::error_code(number, std::generic_category()).message()));
}

// Whoever writes has no use for a file that is not there.
Error not_written(std::string_view doing, const fs::path& file) {
    const Errc code = code_of(errno);
    return failed(doing, file, errno, code == Errc::not_found ? Errc::io : code);
}

// An open file, or none. Closed with its owner.
class Descriptor {
public:
    Descriptor(const fs::path& file, int flags, mode_t mode = 0)
        : number_(::open(file.c_str(), flags | O_CLOEXEC, mode)) {}
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

fs::path directory_of(const fs::path& file) {
    return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

fs::path with(const fs::path& file, std::string_view ending) {
    fs::path longer = file;
    longer += ending;
    return longer;
}

Result<void> write_and_sync(int opened, ByteView bytes, const fs::path& file) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(opened, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return not_written("write", file);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    if (::fsync(opened) != 0) return not_written("sync", file);
    return ok();
}

// At `file`, where nothing is yet; like `of` in owner where that is asked for.
Result<void> make(const fs::path& file, ByteView bytes, mode_t mode, const fs::path* of) {
    const Descriptor out(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (!out.is_open()) return not_written("make", file);
    const auto fill = [&]() -> Result<void> {
        if (of != nullptr) {
            HF_TRY(give_to_owner_of(*of, out.number()));
        }
        return write_and_sync(out.number(), bytes, file);
    };
    auto filled = fill();
    if (!filled) ::unlink(file.c_str()); // half a file is no file
    return filled;
}

} // namespace

Result<void> give_to_owner_of(const fs::path& file, int opened) {
    if (::geteuid() != 0) return ok(); // nobody else may give files away
    struct stat owned{};
    if (::stat(file.c_str(), &owned) != 0 && ::stat(directory_of(file).c_str(), &owned) != 0)
        return not_written("look at", directory_of(file));
    if (::fchown(opened, owned.st_uid, owned.st_gid) != 0)
        return not_written("keep the owner of", file);
    return ok();
}

Result<void> sync_directory(const fs::path& directory) {
    const Descriptor opened(directory, O_RDONLY | O_DIRECTORY);
    if (!opened.is_open() || ::fsync(opened.number()) != 0) return not_written("sync", directory);
    return ok();
}

Result<void> write_new(const fs::path& file, ByteView bytes, mode_t mode) {
    HF_TRY(make(file, bytes, mode, nullptr));
    return sync_directory(directory_of(file));
}

Result<void> write_whole(const fs::path& file, ByteView bytes, const WholeFile& how) {
    const fs::path beside = with(file, ".new");
    ::unlink(beside.c_str()); // of a write that was cut short
    HF_TRY(make(beside, bytes, how.mode, how.keeps_owner ? &file : nullptr));
    if (!how.old_ending.empty()) {
        const fs::path old = with(file, how.old_ending);
        ::unlink(old.c_str());
        if (::link(file.c_str(), old.c_str()) != 0 && errno != ENOENT)
            return not_written("keep", old);
    }
    if (::rename(beside.c_str(), file.c_str()) != 0) {
        const Error why = not_written("replace", file);
        ::unlink(beside.c_str());
        return why;
    }
    return sync_directory(directory_of(file));
}

Result<Bytes> read_whole(const fs::path& file, std::size_t bytes_max) {
    const auto not_read = [&file] { return failed("read", file, errno, code_of(errno)); };
    const Descriptor in(file, O_RDONLY | O_NONBLOCK); // a pipe would wait for somebody to write
    if (!in.is_open()) return not_read();
    struct stat found{};
    if (::fstat(in.number(), &found) != 0) return not_read();
    if (!S_ISREG(found.st_mode)) return fail(Errc::io, file.string() + ": is no file");
    const auto size = static_cast<std::size_t>(found.st_size);
    if (size > bytes_max)
        return fail(Errc::too_large,
                    fmt::format("{}: {} bytes; at most {}", file.string(), size, bytes_max));
    Bytes bytes(size);
    for (std::size_t at = 0; at < bytes.size();) {
        const ssize_t count = ::read(in.number(), bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return not_read();
        if (count == 0) return fail(Errc::io, file.string() + ": it was cut while it was read");
        at += static_cast<std::size_t>(count);
    }
    return bytes;
}

} // namespace holdfast
