#include "log/reader.hpp"

#include "log/aborted_cursor.hpp"
#include "log/batch_walk.hpp"

#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::log {

namespace {

std::string name_of(const Store& store, PartitionId id) {
    const auto entry = store.streams.find(id.stream);
    return fmt::format("{}/{}", entry ? entry->stream->settings.name : "?", id.index);
}

Error damaged(const Store& store, const Partition& partition, Offset from, Offset resume) {
    return fail(Errc::corrupt, fmt::format("{}: offsets {} to {} are damaged or lost",
                                           name_of(store, partition.id()), from, resume - 1));
}

// Where keys cannot be read from `from` on: the first offset behind which they can.
Result<Offset> behind_unreadable(const Store& store, const Partition& partition, Offset from) {
    const Offset high_watermark = partition.high_watermark();
    BatchWalk walk(store, partition);
    const auto readable = [&](Offset offset) -> Result<bool> {
        HF_TRY(const auto at, walk.seek(offset));
        return at != BatchWalk::At::damage || walk.last_offset() >= 0;
    };
    Offset bad = from; // the last one known not to read
    Offset good = from;
    for (Offset step = 1; good < high_watermark; step *= 2) {
        good = std::min(bad + step, high_watermark);
        HF_TRY(const bool reads, readable(good));
        if (reads) break;
        bad = good;
    }
    while (good - bad > 1) {
        const Offset middle = bad + (good - bad) / 2;
        HF_TRY(const bool reads, readable(middle));
        (reads ? good : bad) = middle;
    }
    return good;
}

// Where the offsets from `next` on are missing because compaction took their records: behind them,
// `end` at most.
Offset behind_compacted(const Partition& partition, Offset next, Offset end) {
    return std::max(next, std::min(end, partition.first_dirty_offset()));
}

} // namespace

Result<Offset> find_readable(const Store& store, const Partition& partition, Offset from) {
    const PartitionBounds bounds = partition.bounds();
    Offset wanted = std::max(from, bounds.log_start_offset);
    BatchWalk walk(store, partition);
    while (wanted < bounds.high_watermark) {
        HF_TRY(const auto at, walk.seek(wanted));
        if (at == BatchWalk::At::batch)
            return std::min(std::max(wanted, walk.base_offset()), bounds.high_watermark);
        if (at == BatchWalk::At::end) break;
        if (walk.last_offset() >= 0) {
            wanted = walk.last_offset() + 1;
        } else {
            HF_TRY(wanted, behind_unreadable(store, partition, wanted));
        }
    }
    return bounds.high_watermark;
}

Result<Fetched> fetch_batches(const Store& store, const Partition& partition, Offset from,
                              std::size_t bytes_max, Isolation isolation) {
    Fetched fetched;
    fetched.bounds = partition.bounds();
    fetched.next_offset = from;
    const PartitionBounds& bounds = fetched.bounds;
    if (from < bounds.log_start_offset || from > bounds.high_watermark)
        return fail(Errc::not_found,
                    fmt::format("{}: offset {} is outside {} to {}", name_of(store, partition.id()),
                                from, bounds.log_start_offset, bounds.high_watermark));
    const Offset end = bounds.readable_end(isolation);
    if (from >= end) return fetched;

    BatchWalk walk(store, partition);
    AbortedCursor aborted(store, partition, from);
    std::size_t read = 0; // with what is left out: it bounds the work
    HF_TRY(auto at, walk.seek(from));
    while (at == BatchWalk::At::batch && walk.last_offset() < end) {
        fetched.next_offset = behind_compacted(partition, fetched.next_offset, walk.base_offset());
        if (walk.base_offset() > fetched.next_offset) break; // damage
        const ByteView batch = walk.batch();
        if (read != 0 && read + batch.size() > bytes_max) return fetched;
        bool is_left_out = false;
        if (isolation == Isolation::committed) {
            HF_TRY(const auto header, record::decode_batch_header(batch));
            HF_TRY(const bool is_aborted, aborted.covers(header));
            is_left_out = header.is_control() || is_aborted;
        }
        if (!is_left_out) fetched.batches.insert(fetched.batches.end(), batch.begin(), batch.end());
        read += batch.size();
        fetched.next_offset = walk.last_offset() + 1;
        if (fetched.next_offset >= end || read >= bytes_max) return fetched;
        HF_TRY(at, walk.next());
    }
    if (at != BatchWalk::At::damage) {
        const Offset missing_end =
            at == BatchWalk::At::end ? end : std::min(walk.base_offset(), end);
        fetched.next_offset = behind_compacted(partition, fetched.next_offset, missing_end);
    }
    if (fetched.next_offset != from) return fetched; // the damage is for the next call to name
    // Retention may have overtaken us: then nothing is damaged.
    if (from < partition.log_start_offset())
        return fail(Errc::not_found, fmt::format("{}: offset {} expired while it was read",
                                                 name_of(store, partition.id()), from));
    HF_TRY(const Offset resume, find_readable(store, partition, from));
    return damaged(store, partition, from, resume);
}

} // namespace holdfast::log
