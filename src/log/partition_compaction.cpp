#include "log/partition_compaction.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"

#include <holdfast/record/batch_rewrite.hpp>

#include <algorithm>
#include <vector>

namespace holdfast::log {

Result<Compacted> PartitionCompaction::run() {
    end_ = pass_.partition().bounds().last_stable_offset;
    if (end_ <= pass_.partition().first_dirty_offset() || !is_dirty_enough()) return gone_;
    HF_TRY(note_keys());
    if (end_ <= pass_.partition().first_dirty_offset()) return gone_;
    HF_TRY(clean());
    HF_TRY(finish());
    gone_.partitions = 1;
    return gone_;
}

bool PartitionCompaction::is_dirty_enough() const {
    std::uint64_t bytes = 0;
    for (const Span& span : pass_.partition().spans_from(0)) bytes += span.bytes;
    const std::uint64_t clean = std::min(pass_.partition().clean_bytes(), bytes);
    return static_cast<double>(bytes - clean) >=
           pass_.stream().settings.dirty_ratio_min * static_cast<double>(bytes);
}

// Ends what is cleaned where there is no room for more keys, and at damage: behind it, lost records
// could not be told any more from those that compaction took.
Result<void> PartitionCompaction::note_keys() {
    const auto note = [&](const Batch& batch) -> Result<void> {
        if (batch.header.is_control() || batch.is_aborted) return ok();
        HF_TRY(auto view, record::BatchView::open(batch.walk.batch()));
        record::RecordView record;
        for (;;) {
            HF_TRY(const bool has_more, view.next(record));
            if (!has_more) return ok();
            if (record.key) keys_.note(*record.key, record.offset);
        }
    };
    Offset at = pass_.partition().first_dirty_offset();
    while (at < end_ && !keys_.is_full()) {
        HF_TRY(const auto stretch, pass_.read(at, end_, note));
        at = stretch.next;
        if (stretch.is_damaged) break;
    }
    end_ = at;
    return ok();
}

Result<void> PartitionCompaction::clean() {
    for (Offset at = pass_.partition().log_start_offset(); at < end_;) {
        kv::WriteBatch edits;
        bytes_gone_.clear();
        HF_TRY(at, pass_.read_past_damage(at, end_, [&](const Batch& batch) -> Result<void> {
            if (batch.is_aborted) {
                remove(batch, edits);
                return ok();
            }
            return batch.header.is_control() ? clean_marker(batch, edits)
                                             : clean_records(batch, edits);
        }));
        HF_TRY(write(edits, at));
    }
    return ok();
}

// Who reads transactions may still look for the marker a while after their records went.
Result<void> PartitionCompaction::clean_marker(const Batch& batch, kv::WriteBatch& edits) {
    if (has_passed(batch.header.delete_horizon_ms())) {
        edits.remove(pass_.store().aborted, record_key(pass_.id(), batch.header.base_offset));
        remove(batch, edits);
        return ok();
    }
    if (const auto horizon_ms = new_horizon_ms(batch)) {
        HF_TRY(const Bytes with, record::rewrite_batch(batch.walk.batch(), {true}, horizon_ms));
        replace(batch, with, edits);
    } else {
        bytes_left_ += batch.walk.batch().size();
    }
    return ok();
}

Result<void> PartitionCompaction::clean_records(const Batch& batch, kv::WriteBatch& edits) {
    const ByteView bytes = batch.walk.batch();
    const bool drops_tombstones = has_passed(batch.header.delete_horizon_ms());
    HF_TRY(auto view, record::BatchView::open(bytes));
    std::vector<bool> keeps;
    std::size_t kept = 0;
    bool keeps_tombstones = false;
    record::RecordView record;
    for (;;) {
        HF_TRY(const bool has_more, view.next(record));
        if (!has_more) break;
        const bool is_last = record.key && keys_.last(*record.key).value_or(-1) <= record.offset;
        keeps.push_back(is_last && !(record.is_tombstone && drops_tombstones));
        if (!keeps.back()) continue;
        ++kept;
        keeps_tombstones = keeps_tombstones || record.is_tombstone;
    }
    const auto horizon_ms = keeps_tombstones ? new_horizon_ms(batch) : std::nullopt;
    if (kept == 0) {
        remove(batch, edits);
    } else if (kept < keeps.size() || horizon_ms) {
        HF_TRY(const Bytes with, record::rewrite_batch(bytes, keeps, horizon_ms));
        gone_.records += keeps.size() - kept;
        replace(batch, with, edits);
    } else {
        bytes_left_ += bytes.size();
    }
    return ok();
}

void PartitionCompaction::remove(const Batch& batch, kv::WriteBatch& edits) {
    const Span& span = batch.walk.span();
    edits.remove(span.slice->family, record_key(pass_.id(), batch.walk.last_offset()));
    bytes_gone_[span.slice] += batch.walk.batch().size();
    gone_.records += static_cast<std::uint64_t>(batch.header.record_count);
}

void PartitionCompaction::replace(const Batch& batch, const Bytes& with, kv::WriteBatch& edits) {
    const Span& span = batch.walk.span();
    edits.put(span.slice->family, record_key(pass_.id(), batch.walk.last_offset()), with);
    const std::size_t before = batch.walk.batch().size();
    bytes_gone_[span.slice] += before - std::min(before, with.size());
    bytes_left_ += with.size();
}

std::optional<std::int64_t> PartitionCompaction::new_horizon_ms(const Batch& batch) const noexcept {
    if (batch.header.delete_horizon_ms()) return {};
    return now_ms_ + pass_.stream().settings.delete_retention_ms;
}

Result<void> PartitionCompaction::write(kv::WriteBatch& edits, Offset cleaned_end) {
    Partition& partition = pass_.partition();
    return pass_.on_committer([&]() -> Result<void> {
        const Offset first_dirty = std::max(cleaned_end, partition.first_dirty_offset());
        edits.put(pass_.store().meta, meta_key(MetaKind::cleaned, pass_.id()),
                  encode_cleaned({first_dirty, partition.clean_bytes()}));
        partition.set_first_dirty_offset(first_dirty); // first: readers must not take it for damage
        HF_TRY(pass_.store().database->write(edits, false));
        for (const auto& [slice, bytes] : bytes_gone_) {
            partition.take_bytes_from_span(*slice, bytes);
            gone_.bytes += bytes;
        }
        return ok();
    });
}

Result<void> PartitionCompaction::finish() {
    Partition& partition = pass_.partition();
    return pass_.on_committer([&]() -> Result<void> {
        kv::WriteBatch batch;
        batch.put(pass_.store().meta, meta_key(MetaKind::cleaned, pass_.id()),
                  encode_cleaned({partition.first_dirty_offset(), bytes_left_}));
        for (const Span& span : partition.spans())
            batch.put(pass_.store().meta, span_key(pass_.id(), span.slice->number),
                      encode_span({span.first_offset, span.bytes}));
        HF_TRY(pass_.store().database->write(batch, false));
        partition.set_clean_bytes(bytes_left_);
        return ok();
    });
}

} // namespace holdfast::log
