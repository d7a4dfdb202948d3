#pragma once

#include "log/disk_watch.hpp"
#include "log/log_metrics.hpp"
#include "log/mailbox.hpp"
#include "log/store.hpp"
#include "log/waiters.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace holdfast::log {

// The one thread that writes: joins the groups that wait into one WriteBatch and one sync, then
// moves the high watermarks and completes the groups in order. While it syncs, the next gather.
// Everything else that writes (streams, retention) runs on it as a task.
//
// After a failed write what the disk holds is unknown: appends are refused until the database was
// closed and recovered, which is tried twice a second while the disk has room.
class Committer {
public:
    Committer(Store& store, Waiters& waiters, DiskWatch& disk, const Clock& clock,
              LogMetrics& metrics);
    ~Committer(); // stop()
    // Finishes the write under way and fails the rest with `closed`.
    void stop();

    void append(AppendGroup& group);
    // Runs `task` on the committer thread between two writes and waits for it. Errors: closed.
    [[nodiscard]] Result<void> run(std::function<Result<void>()> task);
    // Why a write failed, until the database is recovered.
    [[nodiscard]] std::optional<Error> broken() const;

private:
    void loop();
    void commit(const std::vector<AppendGroup*>& groups);
    void stage(AppendGroup& group);
    void stage_append(PartitionAppend& append);
    [[nodiscard]] bool keep_key_placement(const PartitionAppend& append);
    [[nodiscard]] Result<void> admit(Partition& partition, PartitionAppend& append,
                                     const record::BatchHeader& header,
                                     std::optional<record::TransactionEnd>& end);
    void stage_producer(Partition& partition, const record::BatchHeader& header,
                        std::optional<record::TransactionEnd> end);
    [[nodiscard]] Result<void> write();
    void publish();
    void complete(const std::vector<AppendGroup*>& groups, const Result<void>& outcome);
    [[nodiscard]] std::optional<Error> refusal();
    void look_at_database();
    void stop_appends(const Error& why);
    void set_broken(std::optional<Error> why);
    void try_reopen();
    void reopen_for_reading();

    Store& store_;
    Waiters& waiters_;
    DiskWatch& disk_;
    const Clock& clock_;
    LogMetrics& metrics_;
    Mailbox mailbox_;

    // The write under way.
    kv::WriteBatch batch_;
    std::vector<std::shared_ptr<Partition>> touched_;
    std::vector<Ceilings::Entry> raised_;
    std::shared_ptr<const StreamEntry> entry_; // of the last append: the next is likely the same
    bool synced_ = false;
    std::optional<Error> staging_failed_;
    std::int64_t now_ms_ = 0;
    std::uint64_t records_ = 0;
    std::uint64_t bytes_ = 0;

    std::chrono::steady_clock::time_point reopen_next_{};

    mutable std::mutex mutex_;
    std::optional<Error> broken_; // guarded by mutex_
    std::atomic<bool> is_broken_{false};

    std::thread thread_; // last: it uses all the others
};

} // namespace holdfast::log
