// Heads into chunks: which, when, and what is stored with them.
#include "history/chunk_group.hpp"
#include "history/store_impl.hpp"

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
    const std::lock_guard lock(mutex_);
    std::vector<Group*> heads;
    for (Group& group : catalog_.groups())
        if (group.head.count() > 0) heads.push_back(&group);
    HF_TRY(seal(heads));
    full_.clear();
    if (heads.empty()) { // what was told, but holds no row, moves the checkpoint too
        kv::WriteBatch batch;
        std::map<PartitionId, Offset> stored;
        put_checkpoints({}, batch, stored);
        HF_TRY(database_->write(batch, false));
        for (const auto& [from, below] : stored) progress_[from].stored_below = below;
    }
    return database_->sync();
}

Result<void> Store::Impl::seal(std::span<Group* const> groups) {
    while (!groups.empty()) {
        std::size_t count = 0;
        std::size_t bytes = 0;
        while (count < groups.size() && bytes < kHeadBytesAtOnce)
            bytes += groups[count++]->head.bytes();
        const auto now = groups.first(count);
        groups = groups.subspan(count);
        kv::WriteBatch batch;
        const StoreCounts before = counts_;
        for (Group* group : now) {
            HF_TRY(put_chunks(*group, batch));
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
        chunks_.add(counts_.sealed_chunks - before.sealed_chunks);
        chunk_bytes_.add(counts_.sealed_bytes - before.sealed_bytes);
    }
    return ok();
}

Result<void> Store::Impl::put_chunks(const Group& group, kv::WriteBatch& batch) {
    const std::size_t fields = group.shape->fields.size();
    const Rows rows = group.head.rows(fields);
    std::vector<RowRef> ordered;
    append_refs(rows, ordered);
    order_and_fold(ordered);
    for (std::size_t begin = 0; begin < ordered.size();) {
        const std::int64_t partition = partition_of(ordered[begin].ts_us(), options_.partition_us);
        std::size_t end = begin;
        while (end < ordered.size() && end - begin < options_.chunk_rows &&
               ordered[end].ts_us() - partition < options_.partition_us)
            ++end;
        HF_TRY(const kv::Family family, family_for(partition));
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
    for (const auto& [from, below] : stored) {
        Bytes value;
        ByteWriter writer(value);
        writer.u64_be(static_cast<std::uint64_t>(below));
        writer.u32_be(next_chunk_);
        batch.put(meta_, checkpoint_key(from), value);
    }
}

Result<kv::Family> Store::Impl::family_for(std::int64_t partition_us) {
    const auto found = families_.find(partition_us);
    if (found != families_.end()) return found->second;
    HF_TRY(const kv::Family family, database_->create_family(family_name(partition_us)));
    families_[partition_us] = family;
    return family;
}

} // namespace holdfast::history
