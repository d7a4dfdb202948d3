#pragma once

#include <rocksdb/listener.h>

#include <atomic>
#include <mutex>
#include <set>
#include <string>

namespace holdfast::kv {

// What RocksDB's own threads run into. A damaged table that a compaction meets does not stop all
// writes, as RocksDB would have it: the family is left uncompacted, by its owner, who asks
// take_damaged(). Thread-safe.
class BackgroundWatch final : public rocksdb::EventListener {
public:
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
    void OnCompactionCompleted(rocksdb::DB* database,
                               const rocksdb::CompactionJobInfo& job) override;

    // Whether a background write failed.
    [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }
    [[nodiscard]] bool has_damaged() const noexcept { return has_damaged_; }
    // Names of families whose compaction met damage since the last call.
    [[nodiscard]] std::set<std::string> take_damaged();

private:
    std::atomic<bool> has_failed_{false};
    std::atomic<bool> has_damaged_{false};
    std::mutex mutex_;
    std::set<std::string> damaged_; // guarded by mutex_
};

} // namespace holdfast::kv
