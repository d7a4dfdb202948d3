// Another log than the one that was told, and a copy of what is told: backup and restore.
#include "history/store_impl.hpp"

#include <algorithm>

namespace holdfast::history {

Result<void> Store::Impl::rewind(PartitionId partition, Offset end) {
    const std::lock_guard syncing(syncing_);
    HF_TRY(store_rewound(partition, end));
    return sync();
}

// What is read behind it is written behind it, so a power cut takes it first: nothing of other rows
// passes for told after a start.
Result<void> Store::Impl::store_rewound(PartitionId partition, Offset end) {
    const std::lock_guard lock(mutex_);
    std::vector<Group*> heads;
    for (Group& group : catalog_.groups())
        if (group.from == partition && group.head.count() > 0) heads.push_back(&group);
    HF_TRY(seal(heads)); // what was told stays
    Progress& progress = progress_[partition];
    if (progress.told_below <= end) return ok();
    kv::WriteBatch batch;
    for (const Group& group : catalog_.groups())
        if (group.from == partition && group.sealed_next > end)
            Catalog::store_sealed(group.id, end, meta_, batch);
    floors_.stage_rewind(partition, batch);
    erasures_.stage_rewind(partition, end, meta_, batch);
    batch.put(meta_, checkpoint_key(partition), encode_checkpoint(end));
    HF_TRY(database_->write(batch, false));
    for (Group& group : catalog_.groups())
        if (group.from == partition) group.sealed_next = std::min(group.sealed_next, end);
    erasures_.rewind(partition, end);
    progress = {end, end, std::min(progress.synced_below, end)};
    return ok();
}

Result<void> Store::Impl::checkpoint(const std::filesystem::path& directory) const {
    return database_->checkpoint(directory);
}

} // namespace holdfast::history
