// Heads into chunks: which, when, and what is stored with them.
#include "history/chunk_group.hpp"
#include "history/store_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace holdfast::history {
namespace {

constexpr std::size_t kHeadBytesAtOnce = 8U << 20U; // bounds one WriteBatch

} // namespace

Result<void> Store::Impl::seal_as_needed() {
    // Those that could not be stored are full still, and are tried again with the next rows.
    std::erase_if(full_,
                  [this](const Group* group) { return group->head.count() < options_.chunk_rows; });
    HF_TRY(seal(full_));
    full_.clear();
    const bool is_over =
        heads_bytes_ > options_.heads_bytes_max || (heads_bytes_ > 0 && memory_.free_bytes() == 0);
    if (!is_over) return ok();
    std::vector<Group*> heads;
    for (Group& group : catalog_.groups())
        if (group.head.count() > 0) heads.push_back(&group);
    // By halves, so that the look at all of them is rare. Oldest first among those of one size
    // class, the largest classes before: small chunks cost most to keep.
    const auto size_class = [](const Group* group) {
        std::size_t rows = group->head.count();
        int bits = 0;
        while (rows >>= 3U) ++bits;
        return bits;
    };
    std::sort(heads.begin(), heads.end(), [&](const Group* left, const Group* right) {
        const int left_class = size_class(left);
        const int right_class = size_class(right);
        if (left_class != right_class) return left_class > right_class;
        return left->head.first_offset() < right->head.first_offset();
    });
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (count < heads.size() && bytes < heads_bytes_ / 2) bytes += heads[count++]->head.bytes();
    return seal(std::span(heads).first(count));
}

Result<void> Store::Impl::seal_all() {
    return seal_synced([](const Group&) { return true; });
}

Result<void> Store::Impl::seal_below(const std::map<PartitionId, Offset>& below) {
    return seal_synced([&](const Group& group) {
        const auto due = below.find(group.from);
        return due != below.end() && group.head.first_offset() < due->second;
    });
}

Result<void> Store::Impl::seal_synced(const std::function<bool(const Group&)>& is_due) {
    const std::lock_guard syncing(syncing_);
    {
        const std::lock_guard lock(mutex_);
        std::vector<Group*> heads;
        for (Group& group : catalog_.groups())
            if (group.head.count() > 0 && is_due(group)) heads.push_back(&group);
        HF_TRY(seal(heads));
        if (heads.empty()) { // what was told, but holds no row, moves the checkpoint too
            HF_TRY(store_checkpoints());
        }
    }
    return sync();
}

Result<void> Store::Impl::store_checkpoints() {
    HF_TRY(check_room());
    kv::WriteBatch batch;
    std::map<PartitionId, Offset> stored;
    put_checkpoints({}, batch, stored);
    HF_TRY(database_->write(batch, false));
    for (const auto& [from, below] : stored) progress_[from].stored_below = below;
    for (auto& [stream, is_stored] : partial_) is_stored = true;
    offsets_.is_now_stored();
    return ok();
}

// Holds syncing_ alone: readers and rows do not wait for the disk. What is stored meanwhile is not
// counted as durable, and nothing is rewound.
Result<void> Store::Impl::sync() {
    std::map<PartitionId, Offset> stored;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [from, progress] : progress_) stored[from] = progress.stored_below;
    }
    HF_TRY(database_->sync());
    const std::lock_guard lock(mutex_);
    for (const auto& [from, below] : stored) progress_[from].synced_below = below;
    return ok();
}

Result<void> Store::Impl::check_room() const {
    if (options_.disk_reserve_bytes == 0) return ok();
    HF_TRY(const std::uint64_t free, storage_->free_bytes(options_.directory));
    if (free >= options_.disk_reserve_bytes) return ok();
    return fail(Errc::no_space,
                fmt::format("{}: the file system has {} bytes left, {} are kept in reserve",
                            options_.directory.string(), free, options_.disk_reserve_bytes));
}

Result<void> Store::Impl::seal(std::span<Group* const> groups) {
    while (!groups.empty()) {
        HF_TRY(check_room());
        std::size_t count = 0;
        std::size_t bytes = 0;
        while (count < groups.size() && bytes < kHeadBytesAtOnce)
            bytes += groups[count++]->head.bytes();
        const auto now = groups.first(count);
        groups = groups.subspan(count);
        kv::WriteBatch batch;
        const StoreCounts before = counts_;
        for (Group* group : now) {
            HF_TRY(put_chunks(*group, group->head, batch));
            catalog_.store(*group, meta_, batch);
        }
        std::map<PartitionId, Offset> stored;
        put_checkpoints(now, batch, stored);
        // Not synced: what a power cut takes is in the log, and the checkpoint goes with it.
        HF_TRY(database_->write(batch, false));
        for (Group* group : now) {
            Catalog::is_now_stored(*group);
            account(group->head.bytes(), 0);
            group->head.clear();
        }
        for (const auto& [from, below] : stored) progress_[from].stored_below = below;
        for (auto& [stream, is_stored] : partial_) is_stored = true;
        offsets_.is_now_stored();
        chunks_.add(counts_.sealed_chunks - before.sealed_chunks);
        chunk_bytes_.add(counts_.sealed_bytes - before.sealed_bytes);
    }
    return ok();
}

Result<void> Store::Impl::put_chunks(const Group& group, const Head& head, kv::WriteBatch& batch) {
    const std::size_t fields = group.shape->fields.size();
    const Rows rows = head.rows(fields);
    std::vector<RowRef> ordered;
    append_refs(rows, ordered);
    order_and_fold(ordered);
    for (std::size_t begin = 0; begin < ordered.size();) {
        const std::int64_t partition = partition_of(ordered[begin].ts_us(), options_.partition_us);
        std::size_t end = begin;
        while (end < ordered.size() && end - begin < options_.chunk_rows &&
               ordered[end].ts_us() - partition < options_.partition_us)
            ++end;
        HF_TRY(const kv::Family family, partitions_.family_for(group.from.stream, partition));
        floors_.stage(partition, group.from, head.first_offset(), batch);
        if (look_ && look_->name == Erasures::Name(group.from.stream, group.device))
            look_->partitions.insert(partition);
        const auto chunk = make_chunk(group.id, next_chunk_++,
                                      std::span(ordered).subspan(begin, end - begin), fields);
        for (const ChunkPart& part : chunk) {
            batch.put(family, part.key, part.value);
            counts_.sealed_bytes += part.key.size() + part.value.size();
        }
        ++counts_.sealed_chunks;
        begin = end;
    }
    return ok();
}

// A partition of the log is durable here up to its first row that is still in a head.
void Store::Impl::put_checkpoints(std::span<Group* const> sealed, kv::WriteBatch& batch,
                                  std::map<PartitionId, Offset>& stored) const {
    const std::unordered_set<const Group*> gone(sealed.begin(), sealed.end());
    for (const auto& [from, progress] : progress_) stored[from] = progress.told_below;
    for (const Group& group : catalog_.groups()) {
        if (group.head.count() == 0 || gone.contains(&group)) continue;
        Offset& below = stored[group.from];
        below = std::min(below, group.head.first_offset());
    }
    for (const auto& [from, below] : stored)
        batch.put(meta_, checkpoint_key(from), encode_checkpoint(below));
    for (const auto& [stream, is_stored] : partial_)
        if (!is_stored) batch.put(meta_, refused_key(stream), {});
    offsets_.stage(meta_, batch);
}

Bytes Store::Impl::encode_checkpoint(Offset below) const {
    Bytes value;
    ByteWriter writer(value);
    writer.u64_be(static_cast<std::uint64_t>(below));
    writer.u32_be(next_chunk_);
    return value;
}

} // namespace holdfast::history
