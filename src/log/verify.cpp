#include "log/verify.hpp"

#include "log/batch_walk.hpp"
#include "log/catalog_codec.hpp"
#include "log/reader.hpp"

#include <holdfast/record/batch_view.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::log {

namespace {

class PartitionCheck {
public:
    PartitionCheck(const Store& store, const Stream& stream, const Partition& partition,
                   Verified& verified, const std::function<void(const Damage&)>& found)
        : store_(store),
          stream_(stream),
          partition_(partition),
          verified_(verified),
          found_(found),
          bounds_(partition.bounds()),
          expected_(bounds_.log_start_offset),
          end_key_(partition_end_key(partition.id())) {
        if (!store.times) return; // an older log
        times_.emplace(store.database->iterate(store.times, ByteView(end_key_)));
        times_->seek(record_key(partition.id(), bounds_.log_start_offset + 1));
    }

    Result<void> run() {
        if (expected_ >= bounds_.high_watermark) return ok();
        BatchWalk walk(store_, partition_);
        HF_TRY(auto at, walk.seek(expected_));
        while (at != BatchWalk::At::end && expected_ < bounds_.high_watermark) {
            if (at == BatchWalk::At::batch) {
                check(walk);
            } else if (walk.last_offset() >= 0) {
                report(expected_, walk.last_offset(), "the batch does not match its checksum");
                expected_ = walk.last_offset() + 1;
            } else {
                HF_TRY(const Offset resume, find_readable(store_, partition_, expected_));
                report(expected_, resume - 1, "the table that holds them cannot be read");
                expected_ = resume;
                HF_TRY(at, walk.seek(expected_));
                continue;
            }
            HF_TRY(at, walk.next());
        }
        // Retention or compaction may have taken what lay here since.
        expected_ = std::max({expected_, partition_.log_start_offset(),
                              std::min(partition_.first_dirty_offset(), bounds_.high_watermark)});
        if (expected_ < bounds_.high_watermark)
            report(expected_, bounds_.high_watermark - 1, "the records are missing");
        return ok();
    }

private:
    void check(const BatchWalk& walk) {
        const Offset base = walk.base_offset();
        expected_ = std::max(expected_, std::min(base, partition_.first_dirty_offset()));
        if (base > expected_) report(expected_, base - 1, "the records are missing");
        if (base < expected_ && expected_ != bounds_.log_start_offset)
            report(base, expected_ - 1, "two batches hold the same offsets");
        if (walk.span().slice != slice_) {
            slice_ = walk.span().slice;
            time_max_ms_ = PartitionTime::kNone;
            if (base < walk.span().first_offset)
                report(
                    base, walk.span().first_offset - 1,
                    fmt::format("the index says that slice {} begins behind them", slice_->number));
        }
        expected_ = walk.last_offset() + 1;
        check_time(walk);
        std::uint64_t records = 0;
        if (const auto read = count(walk.batch(), records); !read)
            return report(base, walk.last_offset(), read.error().context);
        ++verified_.batches;
        verified_.records += records;
        verified_.bytes += walk.batch().size();
    }

    // Entries of the time index end at a batch's end and hold the span's largest time so far, which
    // damage before them hides. Where compaction took records they are bounds.
    void check_time(const BatchWalk& walk) {
        const std::int64_t before_ms = time_max_ms_;
        const auto header = record::decode_batch_header(walk.batch());
        if (header) time_max_ms_ = std::max(time_max_ms_, header.value().timestamp_max_ms);
        for (; times_ && times_->valid(); times_->next()) {
            const Offset end = last_offset_of(times_->key());
            if (end > expected_) return;
            const auto entry_ms = decode_offset(times_->value());
            const bool is_compacted = slice_->slice_class == SliceClass::compacted;
            const std::int64_t largest_ms = end <= walk.base_offset() ? before_ms : time_max_ms_;
            const bool is_right =
                entry_ms && (is_compacted ? entry_ms.value() >= largest_ms
                                          : end == expected_ && entry_ms.value() == time_max_ms_);
            if (!is_right && verified_.damages == damages_before_)
                report(walk.base_offset(), walk.last_offset(),
                       fmt::format("the time index is wrong at offset {}", end));
        }
    }

    static Result<void> count(ByteView bytes, std::uint64_t& records) {
        HF_TRY(auto batch, record::BatchView::open(bytes));
        record::RecordView record;
        for (;;) {
            HF_TRY(const bool has_more, batch.next(record));
            if (!has_more) return ok();
            ++records;
        }
    }

    void report(Offset first, Offset last, std::string what) {
        ++verified_.damages;
        found_({partition_.id(), fmt::format("{}/{}", stream_.settings.name, partition_.id().index),
                first, last, std::move(what)});
    }

    const Store& store_;
    const Stream& stream_;
    const Partition& partition_;
    Verified& verified_;
    const std::function<void(const Damage&)>& found_;
    const PartitionBounds bounds_;
    Offset expected_;
    std::shared_ptr<Slice> slice_; // of the last batch
    std::int64_t time_max_ms_ = PartitionTime::kNone;
    const std::uint64_t damages_before_ = verified_.damages;
    const RecordKey end_key_;
    std::optional<kv::Iterator> times_;
};

} // namespace

Result<void> verify_partition(const Store& store, const Stream& stream, const Partition& partition,
                              Verified& verified, const std::function<void(const Damage&)>& found) {
    HF_TRY(PartitionCheck(store, stream, partition, verified, found).run());
    ++verified.partitions;
    return ok();
}

} // namespace holdfast::log
