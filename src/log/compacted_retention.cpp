#include "log/compacted_retention.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"
#include "log/retention.hpp"
#include "log/time_index.hpp"

#include <algorithm>

namespace holdfast::log {

namespace {

// Behind records of at least `bytes`, from `from` on.
Result<Offset> behind_bytes(const PartitionPass& pass, Offset from, Offset end,
                            std::uint64_t bytes) {
    std::uint64_t passed = 0;
    Offset behind = from;
    for (Offset at = from; at < end && passed < bytes;) {
        HF_TRY(at, pass.read_past_damage(at, end,
                                         [&](const PartitionPass::Batch& batch) -> Result<void> {
                                             if (passed >= bytes) return ok();
                                             passed += batch.walk.batch().size();
                                             behind = batch.walk.last_offset() + 1;
                                             return ok();
                                         }));
    }
    return behind;
}

Result<Offset> wanted_start(const PartitionPass& pass, Offset end, std::int64_t now_ms) {
    const StreamSettings& settings = pass.stream().settings;
    Offset start = pass.partition().log_start_offset();
    if (settings.retention_ms >= 0) {
        HF_TRY(const auto lock, pass.enter());
        HF_TRY(const Offset young,
               find_offset_at(pass.store(), pass.partition(), now_ms - settings.retention_ms));
        start = std::max(start, std::min(young, end));
    }
    std::uint64_t bytes = 0;
    for (const Span& span : pass.partition().spans_from(start)) bytes += span.bytes;
    const auto bytes_max = static_cast<std::uint64_t>(settings.retention_bytes);
    if (settings.retention_bytes >= 0 && bytes > bytes_max) {
        HF_TRY(start, behind_bytes(pass, start, end, bytes - bytes_max));
    }
    return start;
}

Result<void> move_start(const PartitionPass& pass, const Span& span, Offset end, Offset start) {
    Store& store = pass.store();
    Partition& partition = pass.partition();
    const Offset old_start = partition.log_start_offset();
    const bool is_done = start == end && partition.spans().size() > 1;
    kv::WriteBatch batch;
    batch.put(store.meta, meta_key(MetaKind::log_start, pass.id()), encode_offset(start));
    const RecordKey first = record_key(pass.id(), 0);
    const RecordKey behind = record_key(pass.id(), start);
    batch.remove_range(span.slice->family, first, behind);
    batch.remove_range(store.times, first, behind);
    if (partition.has_aborted()) batch.remove_range(store.aborted, first, behind);
    if (is_done) batch.remove(store.meta, span_key(pass.id(), span.slice->number));
    HF_TRY(store.database->write(batch, true));
    partition.set_log_start_offset(start);
    if (is_done) {
        partition.drop_first_span();
        return drop_empty_slices(store);
    }
    const double share = static_cast<double>(start - old_start) /
                         static_cast<double>(std::max<Offset>(end - old_start, 1));
    partition.take_bytes_from_span(
        *span.slice, static_cast<std::uint64_t>(share * static_cast<double>(span.bytes)));
    return ok();
}

} // namespace

Result<void> expire_compacted(const PartitionPass& pass, std::int64_t now_ms) {
    const auto spans = pass.partition().spans_from(0);
    if (spans.empty() || spans[0].slice->slice_class != SliceClass::compacted) return ok();
    const Offset end =
        spans.size() > 1 ? spans[1].first_offset : pass.partition().bounds().last_stable_offset;
    HF_TRY(const Offset start, wanted_start(pass, end, now_ms));
    return pass.on_committer([&]() -> Result<void> {
        const auto& now = pass.partition().spans();
        const bool is_same = !now.empty() && now[0].slice == spans[0].slice;
        if (!is_same || start <= pass.partition().log_start_offset()) return ok();
        return move_start(pass, now[0], end, start);
    });
}

} // namespace holdfast::log
