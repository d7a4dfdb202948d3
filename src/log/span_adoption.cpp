#include "log/span_adoption.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"
#include "log/retention.hpp"
#include "log/span_writer.hpp"
#include "log/time_index.hpp"

#include <algorithm>

namespace holdfast::log {

namespace {

// New records go to a compacted span from here on; on disk, so that what is moved has its place.
Result<void> open_compacted_span(const PartitionPass& pass, std::int64_t now_ms) {
    return pass.on_committer([&]() -> Result<void> {
        kv::WriteBatch batch;
        HF_TRY(stage_open_span(pass.store(), pass.partition(), pass.stream(), now_ms, batch));
        stage_last_span(pass.store(), pass.partition(), batch);
        return pass.store().database->write(batch, true);
    });
}

Result<void> move_records(const PartitionPass& pass, const Span& from, const Span& to,
                          std::int64_t& max_ms) {
    for (Offset at = from.first_offset; at < to.first_offset;) {
        kv::WriteBatch copies;
        HF_TRY(at, pass.read_past_damage(
                       at, to.first_offset, [&](const PartitionPass::Batch& batch) -> Result<void> {
                           copies.put(to.slice->family,
                                      record_key(pass.id(), batch.walk.last_offset()),
                                      batch.walk.batch());
                           max_ms = std::max(max_ms, batch.header.timestamp_max_ms);
                           return ok();
                       }));
        HF_TRY(pass.on_committer([&] { return pass.store().database->write(copies, false); }));
    }
    return ok();
}

// Out of the write-ahead log first: damage there must not take what the old span no longer has.
Result<void> hand_over(const PartitionPass& pass, const Span& from, const Span& to,
                       std::int64_t max_ms) {
    {
        HF_TRY(const auto lock, pass.enter());
        HF_TRY(pass.store().database->flush(to.slice->family));
    }
    return pass.on_committer([&]() -> Result<void> {
        Store& store = pass.store();
        Partition& partition = pass.partition();
        if (!partition.has_span_in(*from.slice)) return ok(); // it expired meanwhile
        kv::WriteBatch batch;
        batch.remove(store.meta, span_key(pass.id(), from.slice->number));
        batch.put(store.meta, span_key(pass.id(), to.slice->number),
                  encode_span({from.first_offset, from.bytes + to.bytes}));
        HF_TRY(stage_merged_times(store, partition, *to.slice, max_ms, batch));
        HF_TRY(store.database->write(batch, true));
        partition.merge_span_into_next(*from.slice);
        return drop_empty_slices(store);
    });
}

} // namespace

Result<void> adopt_spans(const PartitionPass& pass, std::int64_t now_ms) {
    const auto is_foreign = [](const Span& span) {
        return span.slice->slice_class != SliceClass::compacted;
    };
    for (;;) {
        auto spans = pass.partition().spans_from(0);
        const auto last = std::find_if(spans.rbegin(), spans.rend(), is_foreign);
        if (last == spans.rend()) return ok();
        if (last == spans.rbegin()) {
            HF_TRY(open_compacted_span(pass, now_ms));
            continue;
        }
        const Span& to = *(last - 1);
        std::int64_t max_ms = PartitionTime::kNone;
        HF_TRY(move_records(pass, *last, to, max_ms));
        HF_TRY(hand_over(pass, *last, to, max_ms));
    }
}

} // namespace holdfast::log
