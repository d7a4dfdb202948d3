#include "kv/preallocated_logs.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

namespace holdfast::kv {

namespace {

constexpr std::uint64_t kAheadBytes = 64U << 10U;
constexpr std::uint64_t kPageBytes = 4U << 10U;
constexpr std::size_t kSmallWriteBytes = 3 * kPageBytes; // larger ones would only be written twice
constexpr std::array<char, kPageBytes> kZeros{};

// Allocated is not yet written: the first sync of each block of the file also stores that the block
// has been. Small writes blank the next stretch at once, so that few of their syncs do.
class PreallocatedLog final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    // Takes `fd`, open for writing on the same file.
    PreallocatedLog(std::unique_ptr<rocksdb::FSWritableFile> file, int fd)
        : FSWritableFileOwnerWrapper(std::move(file)), fd_(fd) {}
    ~PreallocatedLog() override { ::close(fd_); }
    PreallocatedLog(const PreallocatedLog&) = delete;
    PreallocatedLog& operator=(const PreallocatedLog&) = delete;

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
        rocksdb::IOStatus status = target()->Append(data, options, debug);
        if (status.ok()) blank_ahead(data.size());
        return status;
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo&,
                             rocksdb::IODebugContext* debug) override {
        return Append(data, options, debug);
    }

private:
    void blank_ahead(std::size_t written) {
        end_ += written;
        if (end_ <= blank_end_ || written > kSmallWriteBytes) return;
        blank_end_ = (end_ / kAheadBytes + 1) * kAheadBytes;
        // Page by page: the kernel keeps what it is given at once as one piece of its cache, and
        // would count, with some file systems write, all of that for each small write into it.
        for (std::uint64_t at = end_; at < blank_end_;) {
            const std::uint64_t count = kPageBytes - at % kPageBytes;
            // Zeros over zeros: where it fails, nothing but the speed of some syncs is lost.
            if (::pwrite(fd_, kZeros.data(), count, static_cast<off_t>(at)) < 0) return;
            at += count;
        }
    }

    const int fd_;
    std::uint64_t end_ = 0;       // of what was appended
    std::uint64_t blank_end_ = 0; // of what was blanked behind it
};

class PreallocatedLogs final : public rocksdb::FileSystemWrapper {
public:
    using FileSystemWrapper::FileSystemWrapper;

    const char* Name() const override { return "PreallocatedLogs"; }

    rocksdb::FileOptions OptimizeForLogWrite(const rocksdb::FileOptions& options,
                                             const rocksdb::DBOptions& database) const override {
        rocksdb::FileOptions tuned = target()->OptimizeForLogWrite(options, database);
        tuned.fallocate_with_keep_size = false;
        return tuned;
    }

    rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override {
        rocksdb::IOStatus status = target()->NewWritableFile(path, options, file, debug);
        const bool is_log = !options.fallocate_with_keep_size; // see above
        if (!status.ok() || !is_log) return status;
        if (const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC); fd >= 0)
            *file = std::make_unique<PreallocatedLog>(std::move(*file), fd);
        return status;
    }

    // RocksDB's file system cannot cut a file that is not open.
    rocksdb::IOStatus Truncate(const std::string& path, std::size_t size, const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override {
        std::error_code error;
        std::filesystem::resize_file(path, size, error);
        return error ? rocksdb::IOStatus::IOError(path, error.message()) : rocksdb::IOStatus::OK();
    }
};

} // namespace

std::shared_ptr<rocksdb::FileSystem> with_preallocated_logs(
    std::shared_ptr<rocksdb::FileSystem> files) {
    return std::make_shared<PreallocatedLogs>(std::move(files));
}

} // namespace holdfast::kv
