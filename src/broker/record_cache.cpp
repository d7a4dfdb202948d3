#include "broker/record_cache.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::broker {

std::size_t DecodedBatch::size_bytes() const noexcept {
    std::size_t sum = bytes.capacity() + records.capacity() * sizeof(record::RecordView);
    if (view && view->header().compression() != record::Compression::none)
        for (const record::RecordView& record : records)
            sum +=
                record.value.size() + record.headers.size() + (record.key ? record.key->size() : 0);
    return sum;
}

Result<DecodedBatch> read_batch(const log::Log& log, PartitionId partition, Offset offset) {
    constexpr std::size_t kOneBatch = 1; // the first comes whatever its size
    DecodedBatch batch;
    HF_TRY(log::Fetched fetched,
           log.fetch(partition, offset, kOneBatch, log::Isolation::uncommitted));
    if (fetched.batches.empty()) return fail(Errc::not_found, "the record is not there");
    batch.bytes = std::move(fetched.batches);
    HF_TRY(auto view, record::BatchView::open(batch.bytes));
    batch.view = std::move(view);
    batch.partition = partition;
    // Compaction leaves gaps between batches: what was asked for may lie in one, before this batch.
    batch.base_offset = std::min(offset, batch.view->header().base_offset);
    batch.last_offset = batch.view->header().last_offset();
    record::RecordView record;
    for (;;) {
        HF_TRY(const bool has_more, batch.view->next(record));
        if (!has_more) return batch;
        batch.records.push_back(record);
    }
}

RecordCache::Kept* RecordCache::kept(PartitionId partition, Offset offset) noexcept {
    if (last_ < kept_.size() && kept_[last_].batch.covers(partition, offset)) return &kept_[last_];
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept& one) { return one.batch.covers(partition, offset); });
    if (found == kept_.end()) return nullptr;
    last_ = static_cast<std::size_t>(found - kept_.begin());
    return &*found;
}

bool RecordCache::covers(PartitionId partition, Offset offset) noexcept {
    return kept(partition, offset) != nullptr;
}

const record::RecordView* RecordCache::find(PartitionId partition, Offset offset) noexcept {
    Kept* const found = kept(partition, offset);
    if (found == nullptr) return nullptr;
    found->used = ++uses_;
    const auto& records = found->batch.records;
    const auto record = std::ranges::lower_bound(records, offset, {}, &record::RecordView::offset);
    return record == records.end() || record->offset != offset ? nullptr : &*record;
}

void RecordCache::add(DecodedBatch batch) {
    const std::size_t bytes = batch.size_bytes();
    while (!kept_.empty() && (kept_.size() >= kBatchesMax || bytes_ + bytes > kBytesMax)) {
        const auto oldest = std::ranges::min_element(kept_, {}, &Kept::used);
        assert(bytes_ >= oldest->bytes);
        bytes_ -= oldest->bytes;
        if (oldest != kept_.end() - 1) *oldest = std::move(kept_.back());
        kept_.pop_back();
    }
    bytes_ += bytes;
    kept_.push_back({std::move(batch), bytes, ++uses_});
    last_ = kept_.size() - 1;
}

} // namespace holdfast::broker
