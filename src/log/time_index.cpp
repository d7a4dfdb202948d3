#include "log/time_index.hpp"

#include "log/batch_walk.hpp"
#include "log/catalog_codec.hpp"
#include "log/keys.hpp"
#include "log/reader.hpp"

#include <holdfast/record/batch_view.hpp>

#include <algorithm>
#include <optional>

namespace holdfast::log {

namespace {

constexpr std::uint64_t kEntryEvery = 1U << 20U; // bytes of batches

struct Entry {
    Offset end = 0; // it covers the span's records below
    std::int64_t max_ms = 0;
};

void put_entry(const Store& store, Partition& partition, kv::WriteBatch& batch) {
    batch.put(store.times, record_key(partition.id(), partition.next_offset),
              encode_offset(partition.time.max_ms));
    partition.time.bytes = 0;
}

// The entries of one span. Damaged ones count as absent: searches take longer, and find the same.
class SpanEntries {
public:
    SpanEntries(const Store& store, PartitionId partition, Offset first, Offset end)
        : partition_(partition), first_(first), end_(end), bound_(record_key(partition, end + 1)) {
        if (store.times) iterator_.emplace(store.database->iterate(store.times, ByteView(bound_)));
    }

    // The first one that ends behind `offset`. Errors: corrupt, io.
    Result<std::optional<Entry>> behind(Offset offset) {
        if (!iterator_) return std::optional<Entry>();
        iterator_->seek(record_key(partition_, offset + 1));
        return current();
    }
    Result<std::optional<Entry>> last() {
        if (!iterator_) return std::optional<Entry>();
        iterator_->seek_before_end();
        return current();
    }
    [[nodiscard]] bool is_damaged() const noexcept { return is_damaged_; }
    // Up to where the span's records are all older than `timestamp_ms`, as far as entries tell.
    Result<Offset> older_end(std::int64_t timestamp_ms) {
        Offset low = first_;
        for (Offset high = end_; low < high;) {
            const Offset middle = low + (high - low) / 2;
            HF_TRY(const auto entry, behind(middle));
            if (entry && entry->max_ms < timestamp_ms)
                low = entry->end;
            else
                high = middle;
        }
        return low;
    }

private:
    Result<std::optional<Entry>> current() {
        if (const auto status = iterator_->status(); !status) {
            if (status.error().code != Errc::corrupt) return status.error();
            is_damaged_ = true;
            return std::optional<Entry>();
        }
        if (!iterator_->valid() || !belongs_to(iterator_->key(), partition_))
            return std::optional<Entry>();
        const Offset end = last_offset_of(iterator_->key());
        if (end <= first_) return std::optional<Entry>(); // of the span before
        HF_TRY(const std::int64_t max_ms, decode_offset(iterator_->value()));
        return std::optional(Entry{end, max_ms});
    }

    const PartitionId partition_;
    const Offset first_;
    const Offset end_;
    const RecordKey bound_;
    std::optional<kv::Iterator> iterator_;
    bool is_damaged_ = false;
};

// The first record of the batch at hand, from `from` on, that is young enough.
Result<std::optional<Offset>> find_in_batch(ByteView batch, Offset from,
                                            std::int64_t timestamp_ms) {
    HF_TRY(auto view, record::BatchView::open(batch));
    record::RecordView record;
    for (;;) {
        HF_TRY(const bool has_more, view.next(record));
        if (!has_more) return std::optional<Offset>();
        if (record.timestamp_ms >= timestamp_ms && record.offset >= from)
            return std::optional(record.offset);
    }
}

// The first young enough record in [from, end); damage is passed over.
Result<std::optional<Offset>> find_by_walking(const Store& store, const Partition& partition,
                                              Offset from, Offset end, std::int64_t timestamp_ms) {
    BatchWalk walk(store, partition);
    HF_TRY(auto at, walk.seek(from));
    while (at != BatchWalk::At::end && from < end) {
        if (at == BatchWalk::At::damage) {
            HF_TRY(from, find_readable(store, partition, from));
            HF_TRY(at, walk.seek(from));
            continue;
        }
        if (walk.base_offset() >= end) break;
        HF_TRY(const auto header, record::decode_batch_header(walk.batch()));
        if (header.timestamp_max_ms >= timestamp_ms) {
            HF_TRY(const auto found, find_in_batch(walk.batch(), from, timestamp_ms));
            if (found) return found;
        }
        from = walk.last_offset() + 1;
        HF_TRY(at, walk.next());
    }
    return std::optional<Offset>();
}

} // namespace

Result<Offset> find_offset_at(const Store& store, const Partition& partition,
                              std::int64_t timestamp_ms) {
    const PartitionBounds bounds = partition.bounds();
    const std::vector<Span> spans = partition.spans_from(bounds.log_start_offset);
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const bool is_closed = i + 1 < spans.size();
        const Offset first = spans[i].first_offset;
        const Offset end = is_closed ? spans[i + 1].first_offset : bounds.high_watermark;
        SpanEntries entries(store, partition.id(), first, end);
        HF_TRY(const auto last, entries.last());
        if (is_closed && last && last->end == end && last->max_ms < timestamp_ms) continue;
        HF_TRY(const Offset older_end, entries.older_end(timestamp_ms));
        HF_TRY(const auto found,
               find_by_walking(store, partition, std::max(older_end, bounds.log_start_offset),
                               std::min(end, bounds.high_watermark), timestamp_ms));
        if (found) return *found;
    }
    return bounds.high_watermark;
}

Result<void> load_time(const Store& store, Partition& partition) {
    PartitionTime& time = partition.time;
    time = {};
    time.is_known = true;
    if (partition.spans().empty()) return ok();
    const Offset first = partition.spans().back().first_offset;
    SpanEntries entries(store, partition.id(), first, partition.next_offset);
    HF_TRY(const auto last, entries.last());
    if (entries.is_damaged()) { // any bound that is not too small
        time.max_ms = std::numeric_limits<std::int64_t>::max();
        return ok();
    }
    if (last) time.max_ms = last->max_ms;
    BatchWalk walk(store, partition);
    HF_TRY(auto at, walk.seek(last ? last->end : first));
    while (at != BatchWalk::At::end) {
        if (at == BatchWalk::At::damage && walk.last_offset() < 0) break; // told when it is read
        if (at == BatchWalk::At::batch) {
            HF_TRY(const auto header, record::decode_batch_header(walk.batch()));
            time.max_ms = std::max(time.max_ms, header.timestamp_max_ms);
            time.bytes += walk.batch().size();
        }
        HF_TRY(at, walk.next());
    }
    return ok();
}

Result<void> stage_merged_times(const Store& store, Partition& partition, const Slice& slice,
                                std::int64_t max_ms, kv::WriteBatch& batch) {
    const auto& spans = partition.spans();
    const auto at = std::find_if(spans.begin(), spans.end(),
                                 [&](const Span& span) { return span.slice.get() == &slice; });
    const bool is_last = at + 1 == spans.end();
    const Offset end = is_last ? partition.next_offset : (at + 1)->first_offset;
    const RecordKey bound = record_key(partition.id(), end + 1);
    auto entries = store.database->iterate(store.times, ByteView(bound));
    for (entries.seek(record_key(partition.id(), at->first_offset + 1)); entries.valid();
         entries.next()) {
        HF_TRY(const std::int64_t entry_ms, decode_offset(entries.value()));
        if (entry_ms < max_ms) batch.put(store.times, entries.key(), encode_offset(max_ms));
    }
    if (is_last) partition.time.max_ms = std::max(partition.time.max_ms, max_ms);
    return entries.status();
}

void stage_span_time(const Store& store, Partition& partition, kv::WriteBatch& batch) {
    put_entry(store, partition, batch);
    partition.time.max_ms = PartitionTime::kNone;
}

void stage_batch_time(const Store& store, Partition& partition, std::int64_t timestamp_max_ms,
                      std::uint64_t bytes, kv::WriteBatch& batch) {
    PartitionTime& time = partition.time;
    time.max_ms = std::max(time.max_ms, timestamp_max_ms);
    time.bytes += bytes;
    if (time.bytes >= kEntryEvery) put_entry(store, partition, batch);
}

} // namespace holdfast::log
