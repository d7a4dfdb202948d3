#include "log/retention.hpp"

#include "log/catalog_codec.hpp"
#include "log/keys.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>
#include <vector>

namespace holdfast::log {

namespace {

// How many of the partition's first spans have expired, by time or by the partition's size. Out of
// a compacted one records go one by one (compacted_retention.hpp).
std::size_t count_expired(const Partition& partition, const StreamSettings& settings,
                          std::int64_t now_ms) {
    const auto& spans = partition.spans();
    if (!settings.expires()) return 0;
    const auto is_compacted = [&](std::size_t i) {
        return spans[i].slice->slice_class == SliceClass::compacted;
    };
    std::size_t expired = 0;
    if (settings.retention_ms >= 0)
        while (expired < spans.size() && !is_compacted(expired) &&
               spans[expired].slice->end_ms >= 0 &&
               spans[expired].slice->end_ms + settings.retention_ms <= now_ms)
            ++expired;
    if (settings.retention_bytes >= 0) {
        std::uint64_t kept = 0;
        for (std::size_t i = expired; i < spans.size(); ++i) kept += spans[i].bytes;
        // The last span is being written: it stays.
        while (expired + 1 < spans.size() && !is_compacted(expired) &&
               kept > static_cast<std::uint64_t>(settings.retention_bytes))
            kept -= spans[expired++].bytes;
    }
    return expired;
}

void expire_producers(Store& store, Partition& partition, std::int64_t now_ms,
                      kv::WriteBatch& batch) {
    for (const ProducerId id :
         partition.producers.expire(now_ms - store.options.producer_expiry_ms)) {
        batch.remove(store.producers, producer_key(partition.id(), id));
        --store.producer_count;
    }
}

// The first spans of one partition, which are to go.
struct Leaving {
    std::shared_ptr<const StreamEntry> entry;
    std::shared_ptr<Partition> partition;
    std::size_t spans = 0;

    [[nodiscard]] Offset log_start_offset() const {
        const auto& all = partition->spans();
        return spans < all.size() ? all[spans].first_offset : partition->next_offset;
    }
};

void stage_leaving(const Store& store, const Leaving& leaving, kv::WriteBatch& batch) {
    const Partition& partition = *leaving.partition;
    const Offset log_start_offset = leaving.log_start_offset();
    batch.put(store.meta, meta_key(MetaKind::log_start, partition.id()),
              encode_offset(log_start_offset));
    const RecordKey first = record_key(partition.id(), 0);
    const RecordKey end = record_key(partition.id(), log_start_offset);
    for (std::size_t i = 0; i < leaving.spans; ++i) {
        const Slice& slice = *partition.spans()[i].slice;
        batch.remove(store.meta, span_key(partition.id(), slice.number));
        if (slice.slice_class == SliceClass::compacted)
            batch.remove_range(slice.family, first, end);
    }
    batch.remove_range(store.times, first, end);
    if (partition.has_aborted()) batch.remove_range(store.aborted, first, end);
}

bool is_wanted(const Leaving& leaving, const Wanted& wanted) {
    const auto from = wanted.from.find(leaving.partition->id());
    return from != wanted.from.end() && leaving.log_start_offset() > from->second;
}

// A span that stays because it is wanted.
struct HeldSpan {
    std::uint32_t slice = 0;
    std::uint64_t bytes = 0;
    Leaving* of = nullptr;
};

// Takes out of `due` the spans that are wanted, but for the oldest where they are too many.
Held hold_wanted(std::vector<Leaving>& due, const Wanted& wanted) {
    Held held;
    std::vector<HeldSpan> spans;
    for (Leaving& leaving : due) {
        const Offset below = leaving.log_start_offset();
        while (leaving.spans > 0 && is_wanted(leaving, wanted)) {
            const Span& span = leaving.partition->spans()[--leaving.spans];
            spans.push_back({span.slice->number, span.bytes, &leaving});
            held.bytes += span.bytes;
            held.due_below[leaving.partition->id()] = below;
        }
    }
    // By slice: of one partition its first spans, and of all the oldest.
    std::ranges::sort(spans, {}, &HeldSpan::slice);
    for (const HeldSpan& span : spans) {
        if (held.bytes <= wanted.bytes_max) break;
        ++span.of->spans;
        held.bytes -= span.bytes;
        held.released_bytes += span.bytes;
        log_warn("log",
                 "{}/{}: records before offset {} go although they are wanted still: "
                 "more than {} bytes would be held",
                 span.of->entry->stream->settings.name, span.of->partition->id().index,
                 span.of->log_start_offset(), wanted.bytes_max);
    }
    std::erase_if(due, [](const Leaving& leaving) { return leaving.spans == 0; });
    return held;
}

// First the log starts, durably, then the slices that are empty for it.
Result<void> let_go(Store& store, const std::vector<Leaving>& all, kv::WriteBatch& batch) {
    for (const Leaving& leaving : all) stage_leaving(store, leaving, batch);
    if (!batch.empty()) {
        HF_TRY(store.database->write(batch, true));
    }
    for (const Leaving& leaving : all) {
        leaving.partition->set_log_start_offset(leaving.log_start_offset());
        for (std::size_t i = 0; i < leaving.spans; ++i) leaving.partition->drop_first_span();
    }
    return drop_empty_slices(store);
}

// What has records in the slice: they and all before them.
std::vector<Leaving> leaving_with(const Store& store, const Slice& slice) {
    std::vector<Leaving> all;
    for (const auto& entry : store.streams.all())
        for (const auto& partition : entry->partitions) {
            const auto& spans = partition->spans();
            for (std::size_t i = 0; i < spans.size(); ++i)
                if (spans[i].slice.get() == &slice) all.push_back({entry, partition, i + 1});
        }
    return all;
}

void say_what_goes(const Slice& slice, const std::vector<Leaving>& all, const Wanted& wanted) {
    for (const Leaving& leaving : all)
        log_warn("log", "{}/{}: records before offset {} go with slice {}, for want of space{}",
                 leaving.entry->stream->settings.name, leaving.partition->id().index,
                 leaving.log_start_offset(), slice.number,
                 is_wanted(leaving, wanted) ? ", although they are wanted still" : "");
}

// Closed ones, that space may be taken from; numbers grow with time.
std::vector<std::shared_ptr<Slice>> oldest_slices(const Store& store) {
    std::vector<std::shared_ptr<Slice>> oldest;
    for (const auto& [number, slice] : store.slices.all())
        if (slice->end_ms >= 0 && slice->slice_class != SliceClass::for_ever)
            oldest.push_back(slice);
    return oldest;
}

Result<void> drop_slice(Store& store, const Slice& slice, const std::vector<Leaving>& all,
                        const Wanted& wanted) {
    say_what_goes(slice, all, wanted);
    kv::WriteBatch batch;
    return let_go(store, all, batch);
}

// The oldest slices in which nothing is wanted; the others are due.
Result<std::uint64_t> drop_free(Store& store, std::uint64_t bytes, const Wanted& wanted,
                                Held& held) {
    std::uint64_t dropped = 0;
    for (const auto& slice : oldest_slices(store)) {
        if (dropped >= bytes) break;
        const auto all = leaving_with(store, *slice);
        bool is_free = true;
        for (const Leaving& leaving : all) {
            if (!is_wanted(leaving, wanted)) continue;
            is_free = false;
            Offset& below = held.due_below[leaving.partition->id()];
            below = std::max(below, leaving.log_start_offset());
        }
        if (!is_free) continue;
        HF_TRY(drop_slice(store, *slice, all, wanted));
        dropped += slice->bytes;
    }
    return dropped;
}

// The oldest, wanted or not.
Result<std::uint64_t> drop_wanted(Store& store, std::uint64_t bytes, const Wanted& wanted,
                                  Held& held) {
    std::uint64_t dropped = 0;
    for (const auto& slice : oldest_slices(store)) {
        if (dropped >= bytes) break;
        HF_TRY(drop_slice(store, *slice, leaving_with(store, *slice), wanted));
        dropped += slice->bytes;
    }
    held.released_bytes += dropped;
    return dropped;
}

} // namespace

Result<Held> expire(Store& store, std::int64_t now_ms, const Wanted& wanted) {
    store.slices.close_old(now_ms);
    std::vector<Leaving> due;
    kv::WriteBatch batch;
    for (const auto& entry : store.streams.all())
        for (const auto& partition : entry->partitions) {
            expire_producers(store, *partition, now_ms, batch);
            const std::size_t expired = count_expired(*partition, entry->stream->settings, now_ms);
            if (expired != 0) due.push_back({entry, partition, expired});
        }
    Held held = hold_wanted(due, wanted);
    HF_TRY(let_go(store, due, batch));
    store.slices.close_unused(now_ms); // also what a crash left behind a deleted stream
    HF_TRY(drop_empty_slices(store));
    return held;
}

Result<std::uint64_t> drop_oldest(Store& store, std::uint64_t bytes, const Wanted& wanted,
                                  Held& held) {
    HF_TRY(const std::uint64_t dropped, drop_free(store, bytes, wanted, held));
    // Who wants them has half of the way to where appends are refused.
    if (bytes <= dropped + store.options.disk_bytes_max / 20) return dropped;
    HF_TRY(const std::uint64_t more, drop_wanted(store, bytes - dropped, wanted, held));
    return dropped + more;
}

Result<void> drop_empty_slices(Store& store) {
    std::vector<std::shared_ptr<Slice>> empty;
    for (const auto& [number, slice] : store.slices.all())
        if (slice->end_ms >= 0 && slice->span_count == 0) empty.push_back(slice);
    for (const auto& slice : empty) {
        HF_TRY(store.database->drop_family(slice_family_name(*slice)));
        store.slices.erase(slice->number);
        log_info("log", "dropped slice {} with about {} bytes", slice->number, slice->bytes);
    }
    return ok();
}

} // namespace holdfast::log
