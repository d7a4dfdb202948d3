#pragma once

#include "app/backup.hpp"
#include "app/ground.hpp"
#include "app/parts/log_part.hpp"

#include <holdfast/history/follower.hpp>
#include <holdfast/history/store.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>

namespace holdfast::app {

// History beside the log: what the log keeps for it, what both take of the disk, and copies of
// both. Main thread, but for what a backup calls.
class HistoryKeeping final : public LogKeeper, public BackupHistory {
public:
    // All outlive it.
    HistoryKeeping(Ground& ground, history::Store& store, const history::Follower& follower);

    [[nodiscard]] log::Wanted wanted() override;
    // Seals what is due in the log, and says so where history cannot follow: log line, alarm.
    void held(const log::Held& held) override;

    // Drops the oldest time partitions while log and history are near `limits.disk` and history
    // takes more than half of it. Errors: io.
    [[nodiscard]] Result<void> make_room(std::uint64_t log_bytes);

    [[nodiscard]] Result<void> checkpoint(const std::filesystem::path& directory) override;
    void release() noexcept override;

    // Where history is not enabled any more nobody else does.
    static void clear_alarm(Ground& ground);

private:
    void seal_due(const log::Held& held);
    void tell(const log::Held& held);

    Ground& ground_;
    history::Store& store_;
    const history::Follower& follower_;
    const std::filesystem::path directory_;
    Counter& released_;
    std::atomic<std::uint64_t> held_bytes_{0};
    std::atomic<std::uint64_t> disk_bytes_{0};
    std::int64_t sealed_ms_ = 0; // monotonic: what is not read yet was sealed as far as it is
    std::mutex mutex_;
    std::optional<std::map<PartitionId, Offset>> copied_; // guarded by mutex_; during a backup
    std::optional<bool> is_behind_;                       // nothing: not told yet
};

} // namespace holdfast::app
