#include "kv/simulated_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace holdfast::kv {

namespace {

constexpr std::uint64_t kSectorBytes = 512;

std::string directory_of(const std::string& path) {
    return std::filesystem::path(path).parent_path().string();
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

} // namespace

void SimulatedFiles::set_full(bool full) {
    const std::lock_guard lock(mutex_);
    full_ = full;
}
void SimulatedFiles::set_free_bytes(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    free_bytes_ = bytes;
}
void SimulatedFiles::fail_after(std::uint64_t nth) {
    const std::lock_guard lock(mutex_);
    fail_at_ = nth == 0 ? 0 : calls_ + nth;
}
void SimulatedFiles::heal() {
    fail_after(0);
}
void SimulatedFiles::cut_power() {
    const std::lock_guard lock(mutex_);
    dead_ = true;
    std::error_code gone; // a file that is gone has nothing allocated
    for (auto& [path, file] : files_) {
        const auto size = std::filesystem::file_size(path, gone);
        file.size_at_cut = gone ? 0 : size;
    }
}
std::uint64_t SimulatedFiles::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}
std::optional<std::uint64_t> SimulatedFiles::free_bytes() const {
    const std::lock_guard lock(mutex_);
    if (full_) return 0;
    return free_bytes_;
}

void SimulatedFiles::hold_syncs(bool hold) {
    const std::lock_guard lock(mutex_);
    holds_syncs_ = hold;
    held_changed_.notify_all();
}

void SimulatedFiles::wait_for_held_sync() const {
    std::unique_lock lock(mutex_);
    held_changed_.wait(lock, [this] { return held_syncs_ > 0; });
}

void SimulatedFiles::before_sync() {
    std::unique_lock lock(mutex_);
    ++held_syncs_;
    held_changed_.notify_all();
    held_changed_.wait(lock, [this] { return !holds_syncs_; });
    --held_syncs_;
}

rocksdb::IOStatus SimulatedFiles::before_change() {
    const std::lock_guard lock(mutex_);
    ++calls_;
    if (dead_) return rocksdb::IOStatus::IOError("simulated power cut");
    if (full_) return rocksdb::IOStatus::NoSpace("simulated full disk");
    if (fail_at_ != 0 && calls_ >= fail_at_)
        return rocksdb::IOStatus::IOError("simulated I/O error");
    return rocksdb::IOStatus::OK();
}

void SimulatedFiles::opened(const std::string& path, bool fresh) {
    const std::lock_guard lock(mutex_);
    if (fresh) {
        files_[path] = {0, 0, true};
    } else if (!files_.contains(path)) {
        std::error_code error;
        const auto size = std::filesystem::file_size(path, error);
        files_[path] = {error ? 0 : size, error ? 0 : size, false};
    }
}
void SimulatedFiles::wrote(const std::string& path, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    File& file = files_[path];
    file.size = size;
    file.synced_size = std::min(file.synced_size, size); // smaller where it was truncated
}
void SimulatedFiles::synced(const std::string& path) {
    const std::lock_guard lock(mutex_);
    File& file = files_[path];
    file.synced_size = file.size;
}
void SimulatedFiles::renamed(const std::string& from, const std::string& to,
                             std::optional<std::string> replaced_content) {
    const std::lock_guard lock(mutex_);
    if (auto moved = files_.extract(from)) {
        files_.erase(to);
        moved.key() = to;
        moved.mapped().fresh = false; // the rename itself says whether the name is there
        files_.insert(std::move(moved));
    }
    renames_.push_back({from, to, std::move(replaced_content)});
}
void SimulatedFiles::removed(const std::string& path) {
    const std::lock_guard lock(mutex_);
    files_.erase(path);
}
void SimulatedFiles::directory_synced(const std::string& directory) {
    const std::lock_guard lock(mutex_);
    for (auto& [path, file] : files_)
        if (directory_of(path) == directory) file.fresh = false;
    std::erase_if(renames_,
                  [&](const Rename& rename) { return directory_of(rename.to) == directory; });
}

void SimulatedFiles::restore() {
    const std::lock_guard lock(mutex_);
    std::error_code ignored; // a file that is gone already needs no cut
    for (auto& [path, file] : files_) {
        if (file.fresh && random_() % 2 == 0) {
            std::filesystem::remove(path, ignored);
            continue;
        }
        const bool is_preallocated = file.size_at_cut > file.size;
        if (file.size > file.synced_size) {
            std::uint64_t kept = file.size; // it may all have come through
            if (random_() % 3 != 0)
                kept = file.synced_size + random_() % (file.size - file.synced_size + 1);
            // No size tells how far a write into allocated space came: whole sectors of it.
            if (is_preallocated && kept != file.size)
                kept = std::max(file.synced_size, kept - kept % kSectorBytes);
            std::filesystem::resize_file(path, kept, ignored);
        }
        // Closing the file cut it to its size: after a power cut it ends in zeros.
        if (is_preallocated) std::filesystem::resize_file(path, file.size_at_cut, ignored);
    }
    for (auto rename = renames_.rbegin(); rename != renames_.rend(); ++rename) {
        if (random_() % 2 == 0) continue;
        std::filesystem::rename(rename->to, rename->from, ignored);
        if (rename->replaced_content) write_file(rename->to, *rename->replaced_content);
    }
    files_.clear();
    renames_.clear();
    dead_ = false;
    full_ = false;
    fail_at_ = 0;
}

} // namespace holdfast::kv
