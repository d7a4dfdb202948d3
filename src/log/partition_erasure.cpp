#include "log/partition_erasure.hpp"

#include "log/keys.hpp"

#include <holdfast/record/batch_rewrite.hpp>

#include <algorithm>

namespace holdfast::log {

Result<Erased> PartitionErasure::run(Slices& touched) {
    const Offset end = std::min(below_, pass_.partition().high_watermark());
    for (Offset at = pass_.partition().log_start_offset(); at < end;) {
        edits_.clear();
        HF_TRY(at, pass_.read_past_damage(at, end, [this](const PartitionPass::Batch& batch) {
            return look_at(batch);
        }));
        for (const Edit& edit : edits_) touched[edit.slice->number] = edit.slice;
        if (edits_.empty()) continue;
        HF_TRY(write());
    }
    return erased_;
}

// Also of transactions that came to nothing: who reads all that is stored gets them.
Result<void> PartitionErasure::look_at(const PartitionPass::Batch& batch) {
    if (batch.header.is_control()) return ok();
    auto view = record::BatchView::open(batch.walk.batch());
    if (!view) return ok(); // nobody can read it
    std::vector<bool> keeps;
    std::uint64_t gone = 0;
    record::RecordView record;
    for (;;) {
        const auto more = view.value().next(record);
        if (!more) return ok(); // likewise
        if (!more.value()) break;
        keeps.push_back(!record.key || as_text(*record.key) != key_);
        if (!keeps.back()) ++gone;
    }
    if (gone == 0) return ok();
    HF_TRY(Bytes with, record::thin_batch(batch.walk.batch(), keeps));
    const std::size_t before = batch.walk.batch().size();
    const std::size_t bytes_gone = before - std::min(before, with.size());
    edits_.push_back(
        {batch.walk.span().slice, batch.walk.last_offset(), std::move(with), bytes_gone});
    erased_.records += gone;
    ++erased_.batches;
    return ok();
}

// What retention took meanwhile does not come back.
Result<void> PartitionErasure::write() {
    return pass_.on_committer([this]() -> Result<void> {
        Partition& partition = pass_.partition();
        std::erase_if(edits_, [&](const Edit& edit) {
            return edit.last_offset < partition.log_start_offset() ||
                   !partition.has_span_in(*edit.slice);
        });
        kv::WriteBatch batch;
        for (const Edit& edit : edits_)
            batch.put(edit.slice->family, record_key(pass_.id(), edit.last_offset), edit.with);
        HF_TRY(pass_.store().database->write(batch, false));
        for (const Edit& edit : edits_)
            partition.take_bytes_from_span(*edit.slice, edit.bytes_gone);
        return ok();
    });
}

} // namespace holdfast::log
