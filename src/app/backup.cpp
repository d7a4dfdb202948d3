#include "app/backup.hpp"

#include "app/keyspaces.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/base/crc32c.hpp>
#include <holdfast/base/memory_account.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/history/store.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

namespace holdfast::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = 1U << 20U;

Error failed(std::string_view doing, const fs::path& path, int number) {
    return fail(number == ENOSPC ? Errc::no_space : Errc::io,
                fmt::format("{} {}: {}", doing, path.string(),
                            std::error_code(number, std::generic_category()).message()));
}
Error failed(std::string_view doing, const fs::path& path, const std::error_code& error) {
    return failed(doing, path, error.value());
}

// An open file. Closed with its owner.
class File {
public:
    static Result<File> open(const fs::path& path, int flags) {
        File file;
        file.fd_ = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
        if (file.fd_ < 0) return failed("cannot open", path, errno);
        return file;
    }
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    File() = default;
    int fd_ = -1;
};

Result<void> sync(const fs::path& path) {
    HF_TRY(const File file, File::open(path, O_RDONLY));
    if (::fsync(file.fd()) != 0) return failed("cannot sync", path, errno);
    return ok();
}

// Gives the file to `take` in pieces, in order.
Result<void> read_through(const fs::path& path,
                          const std::function<Result<void>(std::span<const std::byte>)>& take) {
    HF_TRY(const File file, File::open(path, O_RDONLY));
    std::vector<std::byte> chunk(kChunkBytes);
    for (;;) {
        const ssize_t count = ::read(file.fd(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("cannot read", path, errno);
        if (count == 0) return ok();
        HF_TRY(take(std::span(chunk).first(static_cast<std::size_t>(count))));
    }
}

Result<void> write_all(const File& file, const fs::path& path, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file.fd(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("cannot write", path, errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return ok();
}

// Copies `from`; the size and checksum of what was read.
Result<BackupManifest::File> copy_bytes(const fs::path& from, const fs::path& to,
                                        const std::stop_token& stop) {
    BackupManifest::File copied{to.filename().string()};
    HF_TRY(const File out, File::open(to, O_WRONLY | O_CREAT | O_EXCL));
    HF_TRY(read_through(from, [&](std::span<const std::byte> piece) -> Result<void> {
        if (stop.stop_requested()) return fail(Errc::closed, "the server stops");
        copied.bytes += piece.size();
        copied.crc32c = crc32c(piece, copied.crc32c);
        return write_all(out, to, piece);
    }));
    if (::fsync(out.fd()) != 0) return failed("cannot sync", to, errno);
    return copied;
}

// Links `from`, or copies it where its file system is another.
Result<BackupManifest::File> link_or_copy(const fs::path& from, const fs::path& to,
                                          const std::stop_token& stop) {
    std::error_code error;
    fs::create_hard_link(from, to, error);
    if (error) return copy_bytes(from, to, stop);
    BackupManifest::File linked{to.filename().string()};
    HF_TRY(read_through(to, [&](std::span<const std::byte> piece) -> Result<void> {
        if (stop.stop_requested()) return fail(Errc::closed, "the server stops");
        linked.bytes += piece.size();
        linked.crc32c = crc32c(piece, linked.crc32c);
        return ok();
    }));
    HF_TRY(sync(to));
    return linked;
}

// Removes what was made, unless it was kept.
class Draft {
public:
    explicit Draft(fs::path path) : path_(std::move(path)) {}
    ~Draft() {
        std::error_code ignored; // what stays is not taken for a whole one
        if (!is_kept_) fs::remove_all(path_, ignored);
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    void keep() { is_kept_ = true; }

private:
    const fs::path path_;
    bool is_kept_ = false;
};

// Absent, or a directory with nothing in it.
Result<void> check_empty(const fs::path& directory) {
    std::error_code error;
    const auto status = fs::status(directory, error);
    if (status.type() == fs::file_type::not_found) return ok();
    if (error) return failed("cannot look at", directory, error);
    if (status.type() == fs::file_type::directory && fs::is_empty(directory, error) && !error)
        return ok();
    return fail(Errc::already_exists,
                fmt::format("{} is there and not an empty directory", directory.string()));
}

Result<void> make_directories(const fs::path& directory) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) return failed("cannot make", directory, error);
    return ok();
}

bool is_inside(const fs::path& directory, const fs::path& parent) {
    std::error_code ignored; // of a path that cannot be made: that says so
    const auto outer = fs::weakly_canonical(parent, ignored);
    const auto inner = fs::weakly_canonical(directory, ignored);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first ==
           outer.end();
}

Result<void> write_manifest(const BackupManifest& manifest, const fs::path& directory) {
    const fs::path file = directory / BackupManifest::kFileName;
    const fs::path draft = file.string() + ".new";
    const std::string text = to_json(manifest);
    {
        HF_TRY(const File out, File::open(draft, O_WRONLY | O_CREAT | O_EXCL));
        HF_TRY(write_all(out, draft, std::as_bytes(std::span(text))));
        if (::fsync(out.fd()) != 0) return failed("cannot sync", draft, errno);
    }
    std::error_code error;
    fs::rename(draft, file, error);
    if (error) return failed("cannot rename", draft, error);
    return sync(directory);
}

Result<BackupManifest> load_manifest(const fs::path& directory) {
    const fs::path file = directory / BackupManifest::kFileName;
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return fail(Errc::not_found,
                    fmt::format("{} is not a backup, or not a whole one: it has no {}",
                                directory.string(), BackupManifest::kFileName));
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    auto manifest = read_backup_manifest(text);
    if (!manifest)
        return fail(manifest.error().code,
                    fmt::format("{}: {}", file.string(), manifest.error().context));
    return manifest;
}

// Links the files of a checkpoint into a new directory of the backup.
Result<std::vector<BackupManifest::File>> take_over(const fs::path& checkpoint,
                                                    const fs::path& directory,
                                                    const std::stop_token& stop) {
    HF_TRY(make_directories(directory));
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at(checkpoint, error), end; !error && at != end;
         at.increment(error))
        files.push_back(at->path());
    if (error) return failed("cannot read", checkpoint, error);
    std::ranges::sort(files);
    std::vector<BackupManifest::File> taken;
    for (const fs::path& file : files) {
        HF_TRY(auto linked, link_or_copy(file, directory / file.filename(), stop));
        taken.push_back(std::move(linked));
    }
    HF_TRY(sync(directory));
    return taken;
}

// Removes what a backup that was killed left.
Result<void> clear_away(const fs::path& checkpoint) {
    std::error_code error;
    fs::remove_all(checkpoint, error);
    if (error) return failed("cannot remove", checkpoint, error);
    return ok();
}

struct ReleaseHistory {
    void operator()(BackupHistory* history) const noexcept { history->release(); }
};

Result<void> copy_checked(const std::vector<BackupManifest::File>& files, const fs::path& from,
                          const fs::path& to) {
    HF_TRY(make_directories(to));
    for (const auto& file : files) {
        HF_TRY(const auto copied, copy_bytes(from / file.name, to / file.name, {}));
        if (copied.bytes != file.bytes || copied.crc32c != file.crc32c)
            return fail(Errc::corrupt,
                        fmt::format("{} is not as it was backed up", (from / file.name).string()));
    }
    return sync(to);
}

Result<void> check_log_opens(const fs::path& directory) {
    const SystemClock clock;
    Metrics metrics;
    log::LogOptions options;
    options.keyspaces = keyspaces();
    options.directory = directory;
    options.read_only = true;
    HF_TRY(log::Log::open(std::move(options), clock, metrics));
    return ok();
}

Result<void> check_history_opens(const fs::path& directory) {
    Metrics metrics;
    MemoryAccount memory(std::numeric_limits<std::size_t>::max());
    history::StoreOptions options;
    options.directory = directory;
    HF_TRY(history::Store::open(std::move(options), memory, metrics));
    return ok();
}

Result<void> put_in_place(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return failed("cannot rename", from, error);
    return ok();
}

} // namespace

Result<BackupManifest> make_backup(log::Log& log, BackupHistory* history, const fs::path& data_dir,
                                   const fs::path& directory, const Clock& clock,
                                   const std::stop_token& stop, const LinkTrained& trained) {
    if (!directory.is_absolute())
        return fail(Errc::malformed,
                    fmt::format("'{}' is not an absolute path", directory.string()));
    if (is_inside(directory, data_dir))
        return fail(Errc::malformed,
                    fmt::format("{} is in the data directory", directory.string()));
    HF_TRY(check_empty(directory));
    const fs::path log_links = data_dir / "log.checkpoint";
    const fs::path history_links = data_dir / "history.checkpoint";
    HF_TRY(clear_away(log_links));
    HF_TRY(clear_away(history_links));
    const fs::path trained_links = data_dir / "trained.checkpoint";
    HF_TRY(clear_away(trained_links));

    BackupManifest manifest;
    manifest.created_ms = clock.now_ms();
    const Draft log_draft(log_links);
    const Draft history_draft(history_links);
    const Draft trained_draft(trained_links);
    {
        // First history: a log that is younger has what it lacks.
        const std::unique_ptr<BackupHistory, ReleaseHistory> held(history);
        if (history != nullptr) {
            HF_TRY(history->checkpoint(history_links));
        }
        HF_TRY(log.checkpoint(log_links));
        if (trained) {
            HF_TRY(trained(trained_links));
        }
    }
    Draft made_log(directory / "log");
    Draft made_history(directory / "history");
    Draft made_trained(directory / "trained");
    HF_TRY(manifest.log, take_over(log_links, directory / "log", stop));
    if (history != nullptr) {
        HF_TRY(manifest.history, take_over(history_links, directory / "history", stop));
    }
    std::error_code ignored; // what is not there was not linked
    if (trained && !fs::is_empty(trained_links, ignored)) {
        HF_TRY(manifest.trained, take_over(trained_links, directory / "trained", stop));
    }
    HF_TRY(write_manifest(manifest, directory));
    made_log.keep();
    made_history.keep();
    made_trained.keep();
    return manifest;
}

Result<BackupManifest> restore_backup(const fs::path& directory, const fs::path& data_dir) {
    HF_TRY(auto manifest, load_manifest(directory));
    HF_TRY(check_empty(data_dir));
    const fs::path log = data_dir / "log.restoring";
    const fs::path history = data_dir / "history.restoring";
    const fs::path trained = data_dir / "trained.restoring";
    Draft made_log(log);
    Draft made_history(history);
    Draft made_trained(trained);
    HF_TRY(copy_checked(manifest.log, directory / "log", log));
    HF_TRY(check_log_opens(log));
    if (!manifest.history.empty()) {
        HF_TRY(copy_checked(manifest.history, directory / "history", history));
        HF_TRY(check_history_opens(history));
        HF_TRY(put_in_place(history, data_dir / "history"));
        made_history.keep();
    }
    if (!manifest.trained.empty()) {
        HF_TRY(copy_checked(manifest.trained, directory / "trained", trained));
        HF_TRY(put_in_place(trained, data_dir / "trained"));
        made_trained.keep();
    }
    HF_TRY(put_in_place(log, data_dir / "log"));
    made_log.keep();
    HF_TRY(sync(data_dir));
    return manifest;
}

} // namespace holdfast::app
