#pragma once

#include <rocksdb/file_system.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace holdfast::kv {

// What the simulated disk knows: of every file, how much would survive a power cut. Thread-safe.
class SimulatedFiles {
public:
    explicit SimulatedFiles(std::uint64_t seed) : random_(seed) {}

    // Knobs: see SimulatedStorage.
    void set_full(bool full);
    void set_free_bytes(std::uint64_t bytes);
    void fail_after(std::uint64_t nth);
    void heal();
    void cut_power();
    void restore();
    void hold_syncs(bool hold);
    void wait_for_held_sync() const;
    [[nodiscard]] std::uint64_t calls() const;
    [[nodiscard]] std::optional<std::uint64_t> free_bytes() const;

    // Asked before anything that changes the disk; the error that it meets instead, if any.
    [[nodiscard]] rocksdb::IOStatus before_change();

    // Asked before a file is synced; returns when that may go on.
    void before_sync();

    void opened(const std::string& path, bool fresh);
    void wrote(const std::string& path, std::uint64_t size);
    void synced(const std::string& path);
    void renamed(const std::string& from, const std::string& to,
                 std::optional<std::string> replaced_content);
    void removed(const std::string& path);
    void directory_synced(const std::string& directory);

private:
    struct File {
        std::uint64_t size = 0;
        std::uint64_t synced_size = 0;
        std::uint64_t size_at_cut = 0; // with what was allocated ahead
        bool fresh = false;            // its name is not synced with its directory
    };
    struct Rename {
        std::string from, to;
        std::optional<std::string> replaced_content;
    };

    mutable std::mutex mutex_;
    // All guarded by mutex_.
    std::mt19937_64 random_;
    std::map<std::string, File> files_;
    std::vector<Rename> renames_; // not synced with their directory
    bool full_ = false;
    bool dead_ = false;
    std::uint64_t calls_ = 0;
    std::uint64_t fail_at_ = 0; // the call number from which all fail; 0 = none
    std::optional<std::uint64_t> free_bytes_;
    bool holds_syncs_ = false;
    std::size_t held_syncs_ = 0;
    mutable std::condition_variable held_changed_;
};

} // namespace holdfast::kv
