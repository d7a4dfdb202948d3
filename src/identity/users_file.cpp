#include <holdfast/identity/users.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::identity {
namespace {

constexpr std::size_t kFileBytesMax = 512U << 20U;

Error io_error(std::string_view what, const std::filesystem::path& path) {
    return fail(Errc::io, fmt::format("{} {}: {}", what, path.string(), std::strerror(errno)));
}

class Descriptor {
public:
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

Result<std::string> read_whole(const std::filesystem::path& file, bool& is_absent) {
    const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    is_absent = !fd.is_open() && errno == ENOENT;
    if (is_absent) return std::string();
    if (!fd.is_open()) return io_error("cannot open", file);
    std::string text;
    constexpr std::size_t kPiece = 1U << 16U;
    for (;;) {
        const std::size_t before = text.size();
        text.resize(before + kPiece);
        const ssize_t got = ::read(fd.get(), text.data() + before, kPiece);
        if (got < 0) return io_error("cannot read", file);
        text.resize(before + static_cast<std::size_t>(got));
        if (got == 0) return text;
        if (text.size() > kFileBytesMax)
            return fail(Errc::limit_exceeded, file.string() + " is no users file: over 512 MiB");
    }
}

Result<void> write_all(int fd, std::string_view text, const std::filesystem::path& file) {
    while (!text.empty()) {
        const ssize_t put = ::write(fd, text.data(), text.size());
        if (put < 0) return io_error("cannot write", file);
        text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(fd) != 0) return io_error("cannot sync", file);
    return ok();
}

Result<void> sync_directory(const std::filesystem::path& directory) {
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.is_open() || ::fsync(fd.get()) != 0) return io_error("cannot sync", directory);
    return ok();
}

// What root writes beside a server of another user must stay readable for that one: the new file
// belongs to whom `file` does or, where there is none yet, to its directory's owner.
Result<void> give_to_owner_of(const std::filesystem::path& file, int fd) {
    if (::geteuid() != 0) return ok(); // nobody else may give files away
    const auto directory = file.parent_path();
    struct stat owned{};
    if (::stat(file.c_str(), &owned) != 0 &&
        ::stat(directory.empty() ? "." : directory.c_str(), &owned) != 0)
        return io_error("cannot look at", directory);
    if (::fchown(fd, owned.st_uid, owned.st_gid) != 0)
        return io_error("cannot keep the owner of", file);
    return ok();
}

Result<void> replace(const std::filesystem::path& file, std::string_view text) {
    auto fresh = file;
    fresh += ".new";
    {
        // The file holds what lets somebody guess passwords offline: nobody else reads it.
        const Descriptor fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!fd.is_open()) return io_error("cannot make", fresh);
        HF_TRY(give_to_owner_of(file, fd.get()));
        HF_TRY(write_all(fd.get(), text, fresh));
    }
    if (::rename(fresh.c_str(), file.c_str()) != 0) return io_error("cannot replace", file);
    const auto directory = file.parent_path();
    return sync_directory(directory.empty() ? "." : directory);
}

// Held until it is destroyed. The lock has a file of its own, since the other one is replaced.
Result<Descriptor> lock(const std::filesystem::path& file) {
    auto path = file;
    path += ".lock";
    Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.is_open()) return io_error("cannot open", path);
    HF_TRY(give_to_owner_of(file, fd.get()));
    while (::flock(fd.get(), LOCK_EX) != 0)
        if (errno != EINTR) return io_error("cannot lock", path);
    return fd;
}

} // namespace

Result<Users> load_users(const std::filesystem::path& file) {
    bool is_absent = false;
    HF_TRY(const std::string text, read_whole(file, is_absent));
    if (is_absent) return Users{};
    return parse_users(text, file.string());
}

Result<Users> change_users(const std::filesystem::path& file,
                           const std::function<Result<void>(Users&)>& change) {
    HF_TRY(const Descriptor held, lock(file));
    HF_TRY(Users users, load_users(file));
    HF_TRY(change(users));
    // What could not be read back (a label with a tab, a name taken twice) must not be written: the
    // server would not start with it.
    const std::string text = to_text(users);
    HF_TRY(users, parse_users(text, file.string()));
    HF_TRY(replace(file, text));
    return users;
}

} // namespace holdfast::identity
