#include "log/compaction.hpp"

#include "log/compacted_retention.hpp"
#include "log/partition_compaction.hpp"
#include "log/span_adoption.hpp"

#include <holdfast/base/log_line.hpp>

#include <atomic>

namespace holdfast::log {

namespace {

// Tables are rewritten for their garbage once it is this much, and half of the slice.
constexpr std::uint64_t kGarbageMin = 16U << 20U;

bool concerns(const Stream& stream, const Partition& partition) {
    if (stream.settings.compacts()) return true;
    const auto spans = partition.spans_from(0); // it was compacted once
    return !spans.empty() && spans[0].slice->slice_class == SliceClass::compacted;
}

Result<Compacted> work_on(const PartitionPass& pass, std::int64_t now_ms) {
    const StreamSettings& settings = pass.stream().settings;
    if (settings.compacts()) {
        HF_TRY(adopt_spans(pass, now_ms));
    }
    if (settings.expires()) {
        HF_TRY(expire_compacted(pass, now_ms));
    }
    if (!settings.compacts()) return Compacted{};
    return PartitionCompaction(pass, now_ms).run();
}

} // namespace

Result<Compacted> Compactor::run(std::int64_t now_ms, const std::stop_token& stop) {
    Compacted all;
    for (const auto& entry : store_.streams.all())
        for (const auto& partition : entry->partitions) {
            if (stop.stop_requested()) return all;
            if (!concerns(*entry->stream, *partition)) continue;
            const PartitionPass pass(store_, on_committer_, entry, partition, stop);
            const auto gone = work_on(pass, now_ms);
            if (!gone) {
                if (gone.error().code != Errc::closed) // the next pass sees what the stream is now
                    log_warn("log", "{}/{}: compaction: {}", entry->stream->settings.name,
                             partition->id().index, gone.error().context);
                continue;
            }
            all.partitions += gone.value().partitions;
            all.records += gone.value().records;
            all.bytes += gone.value().bytes;
        }
    metrics_.compacted_bytes.add(all.bytes);
    HF_TRY(give_space_back(stop));
    return all;
}

Result<void> Compactor::give_space_back(const std::stop_token& stop) {
    std::vector<std::shared_ptr<Slice>> wasteful;
    HF_TRY(on_committer_([&]() -> Result<void> {
        for (const auto& [number, slice] : store_.slices.all()) {
            if (slice->slice_class != SliceClass::compacted) continue;
            if (slice->garbage_bytes < kGarbageMin || slice->garbage_bytes < slice->bytes) continue;
            slice->garbage_bytes = 0;
            wasteful.push_back(slice);
        }
        return ok();
    }));
    std::atomic<bool> cancelled{false};
    const std::stop_callback cancel(stop, [&] { cancelled = true; });
    for (const auto& slice : wasteful) {
        const std::shared_lock lock(store_.reopening);
        if (!store_.database || stop.stop_requested()) return ok();
        HF_TRY(store_.database->compact(slice->family, cancelled));
    }
    return ok();
}

Result<void> check_keys(ByteView batch) {
    HF_TRY(auto view, record::BatchView::open(batch));
    record::RecordView record;
    for (;;) {
        HF_TRY(const bool has_more, view.next(record));
        if (!has_more) return ok();
        if (!record.key)
            return fail(Errc::malformed,
                        "a compacted stream takes records with keys only, and one has none");
    }
}

} // namespace holdfast::log
