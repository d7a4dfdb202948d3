#include <holdfast/identity/users.hpp>

#include <holdfast/base/whole_file.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
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
    const auto bytes = read_whole(file, kFileBytesMax);
    if (!bytes && bytes.error().code == Errc::not_found) return Users{};
    if (!bytes) return bytes.error();
    return parse_users(as_text(bytes.value()), file.string());
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
    // The file holds what lets somebody guess passwords offline: nobody else reads it.
    HF_TRY(write_whole(file, as_bytes(text), {.mode = 0600, .keeps_owner = true}));
    return users;
}

} // namespace holdfast::identity
