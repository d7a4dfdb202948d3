#include "log/reader.hpp"

#include "log/keys.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::log {

namespace {

constexpr std::size_t kCrcAt = 17; // in a batch; it covers all that follows it

std::string name_of(const Store& store, PartitionId id) {
    const auto entry = store.streams.find(id.stream);
    return fmt::format("{}/{}", entry ? entry->stream->settings.name : "?", id.index);
}

bool is_sound(ByteView batch, Offset last_offset) {
    const auto header = record::decode_batch_header(batch);
    return header && header.value().size_bytes() == batch.size() &&
           header.value().last_offset() == last_offset &&
           crc32c(batch.subspan(kCrcAt + 4)) == header.value().crc;
}

// The batches of one partition as they lie in its slices, from the one that holds an offset on.
class BatchWalk {
public:
    enum class At : std::uint8_t { batch, damage, end };

    BatchWalk(const Store& store, const Partition& partition)
        : store_(store), partition_(partition), end_key_(partition_end_key(partition.id())) {}

    // Goes to the first stored batch whose last offset is >= `offset`.
    Result<At> seek(Offset offset) {
        spans_ = partition_.spans_from(offset);
        span_ = 0;
        return seek_in_spans(offset);
    }
    Result<At> next() {
        const Offset behind = last_offset_ + 1;
        iterator_->next();
        if (iterator_->valid()) return land();
        if (auto status = iterator_->status(); !status) return failed(std::move(status).error());
        ++span_;
        return seek_in_spans(behind);
    }

    // Of the batch at hand.
    [[nodiscard]] ByteView batch() const { return iterator_->value(); }
    [[nodiscard]] Offset last_offset() const { return last_offset_; }
    [[nodiscard]] Offset base_offset() const { return base_offset_; }

private:
    Result<At> seek_in_spans(Offset offset) {
        for (; span_ < spans_.size(); ++span_) {
            iterator_.emplace(
                store_.database->iterate(spans_[span_].slice->family, ByteView(end_key_)));
            iterator_->seek(record_key(partition_.id(), offset));
            if (iterator_->valid()) return land();
            if (auto status = iterator_->status(); !status)
                return failed(std::move(status).error());
        }
        return At::end;
    }
    // A batch that does not check is damage with a known end; one that RocksDB cannot read has
    // none.
    Result<At> land() {
        last_offset_ = last_offset_of(iterator_->key());
        const ByteView batch = iterator_->value();
        if (!is_sound(batch, last_offset_)) return At::damage;
        base_offset_ = static_cast<Offset>(load_u64_be(batch.data()));
        return At::batch;
    }
    Result<At> failed(Error error) {
        last_offset_ = -1;
        if (error.code == Errc::corrupt) return At::damage;
        return error;
    }

    const Store& store_;
    const Partition& partition_;
    const RecordKey end_key_;
    std::vector<Span> spans_;
    std::size_t span_ = 0;
    std::optional<kv::Iterator> iterator_;
    Offset base_offset_ = 0;
    Offset last_offset_ = -1; // -1: not even the key can be read
};

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
                              std::size_t bytes_max) {
    Fetched fetched;
    fetched.bounds = partition.bounds();
    fetched.next_offset = from;
    const auto [log_start_offset, high_watermark] = fetched.bounds;
    if (from < log_start_offset || from > high_watermark)
        return fail(Errc::not_found,
                    fmt::format("{}: offset {} is outside {} to {}", name_of(store, partition.id()),
                                from, log_start_offset, high_watermark));
    if (from == high_watermark) return fetched;

    BatchWalk walk(store, partition);
    HF_TRY(auto at, walk.seek(from));
    while (at == BatchWalk::At::batch && walk.base_offset() <= fetched.next_offset &&
           walk.last_offset() < high_watermark) {
        const ByteView batch = walk.batch();
        if (!fetched.batches.empty() && fetched.batches.size() + batch.size() > bytes_max)
            return fetched;
        fetched.batches.insert(fetched.batches.end(), batch.begin(), batch.end());
        fetched.next_offset = walk.last_offset() + 1;
        if (fetched.next_offset >= high_watermark || fetched.batches.size() >= bytes_max)
            return fetched;
        HF_TRY(at, walk.next());
    }
    if (!fetched.batches.empty()) return fetched; // the damage is for the next call to name
    // Retention may have overtaken us: then nothing is damaged.
    if (from < partition.log_start_offset())
        return fail(Errc::not_found, fmt::format("{}: offset {} expired while it was read",
                                                 name_of(store, partition.id()), from));
    HF_TRY(const Offset resume, find_readable(store, partition, from));
    return damaged(store, partition, from, resume);
}

Result<Offset> find_offset_at(const Store& store, const Partition& partition,
                              std::int64_t timestamp_ms) {
    const PartitionBounds bounds = partition.bounds();
    // Ingest time does not fall within a partition: bisect over offsets, a look-up each.
    Offset low = bounds.log_start_offset;
    Offset high = bounds.high_watermark;
    BatchWalk walk(store, partition);
    while (low < high) {
        HF_TRY(const Offset middle, find_readable(store, partition, low + (high - low) / 2));
        if (middle >= high) {
            high = low + (high - low) / 2; // nothing readable in the upper half
            continue;
        }
        HF_TRY(const auto at, walk.seek(middle));
        if (at != BatchWalk::At::batch) break;
        HF_TRY(auto view, record::BatchView::open(walk.batch()));
        if (view.header().timestamp_max_ms < timestamp_ms) {
            low = walk.last_offset() + 1;
            continue;
        }
        if (view.header().base_timestamp_ms >= timestamp_ms && walk.base_offset() > low) {
            high = walk.base_offset();
            // The first that fits may still be this batch's first record.
            HF_TRY(const Offset earlier, find_readable(store, partition, low));
            if (earlier >= high) return high;
            continue;
        }
        record::RecordView record;
        for (;;) {
            HF_TRY(const bool more, view.next(record));
            if (!more) break;
            if (record.timestamp_ms >= timestamp_ms && record.offset >= low) return record.offset;
        }
        low = walk.last_offset() + 1;
    }
    return low;
}

} // namespace holdfast::log
