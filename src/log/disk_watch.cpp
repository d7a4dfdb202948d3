#include "log/disk_watch.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/kv/storage.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

namespace holdfast::log {

namespace {

constexpr std::int64_t kLookEveryMs = 1'000;
constexpr std::uint64_t kLookEveryBytes = 1U << 20U;
constexpr const char* kReserveFile = "reserve";
constexpr std::uint64_t kReserveFileBytes = 4U << 20U;

std::uint64_t directory_bytes(const std::filesystem::path& directory) {
    // Files come and go under our eyes: what cannot be read any more counts as nothing.
    std::uint64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
         at.increment(error)) {
        if (at->path().filename() == kReserveFile) continue;
        std::error_code gone;
        const auto size = at->file_size(gone);
        if (!gone) bytes += size;
    }
    return bytes;
}

} // namespace

DiskWatch::DiskWatch(const LogOptions& options, std::shared_ptr<kv::Storage> storage,
                     const Clock& clock)
    : directory_(options.directory),
      beside_(options.disk_beside),
      reserve_bytes_(options.disk_reserve_bytes),
      bytes_max_(options.disk_bytes_max),
      storage_(std::move(storage)),
      clock_(clock) {
    if (!options.read_only) reserve_file_.emplace(directory_ / kReserveFile, kReserveFileBytes);
}

std::optional<Error> DiskWatch::full() {
    const std::lock_guard lock(mutex_);
    look();
    if (free_bytes_ < reserve_bytes_)
        return fail(Errc::no_space,
                    fmt::format("{}: the file system has {} bytes left, {} are kept in reserve",
                                directory_.string(), free_bytes_, reserve_bytes_));
    if (bytes_max_ == 0 || used_bytes_ + beside_bytes_ <= bytes_max_) return {};
    const std::string beside = beside_bytes_ == 0 ? std::string()
                                                  : fmt::format(", and {} bytes lie in {}",
                                                                beside_bytes_, beside_.string());
    return fail(Errc::no_space, fmt::format("{}: holds {} bytes{}, its limit is {}",
                                            directory_.string(), used_bytes_, beside, bytes_max_));
}

bool DiskWatch::has_room_for(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    look();
    return free_bytes_ >= reserve_bytes_ + bytes;
}

void DiskWatch::wrote(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    written_bytes_ += bytes;
    if (written_bytes_ > std::max(reserve_bytes_ / 8, kLookEveryBytes)) look_at_free_space();
}

std::uint64_t DiskWatch::excess_bytes() {
    const std::lock_guard lock(mutex_);
    look();
    const std::uint64_t wanted = bytes_max_ / 10 * 9;
    const std::uint64_t used = used_bytes_ + std::min(beside_bytes_, bytes_max_ / 2);
    return bytes_max_ != 0 && used > wanted ? used - wanted : 0;
}

void DiskWatch::look_again() {
    const std::lock_guard lock(mutex_);
    looked_ms_.reset();
    look();
}

std::uint64_t DiskWatch::used_bytes() {
    const std::lock_guard lock(mutex_);
    look();
    return used_bytes_;
}

std::uint64_t DiskWatch::free_bytes() {
    const std::lock_guard lock(mutex_);
    look();
    return free_bytes_;
}

void DiskWatch::look() {
    const std::int64_t now_ms = clock_.monotonic_ms();
    if (looked_ms_ && now_ms - *looked_ms_ < kLookEveryMs) return;
    looked_ms_ = now_ms;
    used_bytes_ = directory_bytes(directory_);
    if (!beside_.empty()) beside_bytes_ = directory_bytes(beside_);
    look_at_free_space();
}

void DiskWatch::look_at_free_space() {
    written_bytes_ = 0;
    if (const auto free = storage_->free_bytes(directory_); free)
        free_bytes_ = free.value();
    else
        log_warn("log", "{}", free.error().context); // the last figure stays
    keep_reserve_file();
}

void DiskWatch::keep_reserve_file() {
    if (!reserve_file_) return;
    if (reserve_file_->is_held() && free_bytes_ < kReserveFileBytes / 2) {
        reserve_file_->give_up();
        if (const auto free = storage_->free_bytes(directory_); free) free_bytes_ = free.value();
        log_warn("log", "{}: the disk is full: the reserve file of {} bytes is given up",
                 directory_.string(), kReserveFileBytes);
    } else if (!reserve_file_->is_held() && free_bytes_ > reserve_bytes_ + 2 * kReserveFileBytes) {
        reserve_file_->take();
    }
}

} // namespace holdfast::log
