#include "kv/background_watch.hpp"

#include <holdfast/base/log_line.hpp>

#include <utility>

namespace holdfast::kv {

namespace {

// Of a table that is there no more, or not as it was written.
bool is_damage(const rocksdb::Status& status) {
    return status.IsCorruption() || status.IsPathNotFound();
}

} // namespace

void BackgroundWatch::OnBackgroundError(rocksdb::BackgroundErrorReason reason,
                                        rocksdb::Status* error) {
    if (reason == rocksdb::BackgroundErrorReason::kCompaction && is_damage(*error))
        *error = rocksdb::Status::OK(); // see OnCompactionCompleted()
    else
        has_failed_ = true;
}

void BackgroundWatch::OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& job) {
    if (!is_damage(job.status)) return;
    const std::lock_guard lock(mutex_);
    if (damaged_.insert(job.cf_name).second)
        log_error("kv", "column family {} has damage and stays uncompacted: {}", job.cf_name,
                  job.status.ToString());
    has_damaged_ = true;
}

std::set<std::string> BackgroundWatch::take_damaged() {
    const std::lock_guard lock(mutex_);
    has_damaged_ = false;
    return std::exchange(damaged_, {});
}

} // namespace holdfast::kv
