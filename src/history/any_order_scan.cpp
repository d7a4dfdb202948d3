// Reading without an order: chunk after chunk as they lie, group after group. Only what overlaps in
// time inside of a group is put together, since rows there may be identical.
#include "history/any_order_scan.hpp"

#include "history/chunk_reader.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kRowsAtOnce = 2'048;

class AnyOrderReading final : public Reading {
public:
    AnyOrderReading(DeviceView view, const ScanRequest& request, const kv::Database& database,
                    std::size_t bytes_max)
        : view_(std::move(view)),
          fields_(request.fields.size()),
          needed_(request.needed),
          reader_(database, view_, bytes_max),
          partition_(view_.partitions.begin()),
          group_(view_.groups.end()) {}

    Result<bool> next(ScanBatch& out) override {
        for (;;) {
            if (given_ < rows_.size()) {
                give_rows(out);
                return true;
            }
            for (StoredChunk& chunk : cluster_) reader_.let_go(chunk);
            cluster_.clear();
            if (!chunks_.empty()) {
                HF_TRY(const bool is_given, take_cluster(out));
                if (is_given) return true;
            } else if (!head_.empty()) {
                take_head(head_.size());
            } else {
                HF_TRY(const bool any, next_group());
                if (!any) return false;
            }
        }
    }
    const Offsets& told_below() const noexcept override { return view_.told_below; }
    bool is_ahead() const noexcept override { return view_.is_ahead; }
    std::int64_t kept_from_us() const noexcept override { return view_.kept_from_us; }
    std::size_t bytes() const noexcept override { return view_.head_bytes + reader_.bytes(); }

private:
    // The next group of a partition, then of the next partition.
    Result<bool> next_group() {
        if (group_ != view_.groups.end()) ++group_;
        while (group_ == view_.groups.end()) {
            if (partition_ == view_.partitions.end() || view_.groups.empty()) return false;
            start_us_ = partition_->first;
            family_ = partition_++->second;
            group_ = view_.groups.begin();
        }
        if (!has_needed(*group_, needed_)) return true;
        head_ = head_rows_in(*group_, view_.partition(start_us_));
        if (!family_) return true;
        HF_TRY(reader_.find(*group_, family_, [this](StoredChunk chunk) {
            chunks_.push_back(std::move(chunk));
            return ok();
        }));
        return true;
    }

    // The first chunk and those that it overlaps, or first the rows of the head before it. True
    // where rows were given at once.
    Result<bool> take_cluster(ScanBatch& out) {
        const std::int64_t first_us = chunks_.front().first_us();
        const auto rows_until = [this](auto is_behind) {
            const auto end = std::find_if(head_.begin(), head_.end(), is_behind);
            return static_cast<std::size_t>(end - head_.begin());
        };
        const std::size_t before =
            rows_until([=](const RowRef& ref) { return ref.ts_us() >= first_us; });
        if (before > 0) {
            take_head(before);
            return false;
        }
        std::int64_t last_us = INT64_MIN;
        do {
            last_us = std::max(last_us, chunks_.front().last_us());
            cluster_.push_back(std::move(chunks_.front()));
            chunks_.pop_front();
        } while (!chunks_.empty() && chunks_.front().first_us() <= last_us);
        const std::size_t among =
            rows_until([=](const RowRef& ref) { return ref.ts_us() > last_us; });
        if (cluster_.size() == 1 && among == 0) return take_chunk(cluster_.front(), out);
        rows_.clear();
        given_ = 0;
        for (StoredChunk& chunk : cluster_) {
            HF_TRY(reader_.load(*group_, family_, true, chunk));
            append_refs(chunk.rows, rows_);
        }
        rows_.insert(rows_.end(), head_.begin(),
                     head_.begin() + static_cast<std::ptrdiff_t>(among));
        head_ = head_.subspan(among);
        order_and_fold(rows_);
        std::erase_if(rows_, [this](const RowRef& ref) { return !view_.range.holds(ref.ts_us()); });
        return false;
    }

    // Its columns are given as they are where all of its rows are asked for.
    Result<bool> take_chunk(StoredChunk& chunk, ScanBatch& out) {
        const bool has_all_needed = std::ranges::all_of(needed_, [&](std::size_t field) {
            return chunk.header.columns[*group_->columns[field]].count > 0;
        });
        if (!has_all_needed) return false;
        HF_TRY(reader_.load(*group_, family_, false, chunk));
        const bool is_whole = view_.range.holds(chunk.first_us()) &&
                              view_.range.holds(chunk.last_us()) &&
                              chunk.rows.size() <= kRowsAtOnce;
        if (!is_whole) {
            rows_.clear();
            given_ = 0;
            append_refs(chunk.rows, rows_);
            std::erase_if(rows_,
                          [this](const RowRef& ref) { return !view_.range.holds(ref.ts_us()); });
            return false;
        }
        out.ts_us = std::move(chunk.rows.ts_us);
        out.columns.resize(fields_);
        for (std::size_t i = 0; i < fields_; ++i) {
            out.columns[i] = {};
            if (const auto place = group_->columns[i])
                out.columns[i] = std::move(chunk.rows.columns[*place]);
            else
                out.columns[i].reset(out.ts_us.size());
        }
        return true;
    }

    void take_head(std::size_t count) {
        rows_.assign(head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(count));
        head_ = head_.subspan(count);
        given_ = 0;
    }

    void give_rows(ScanBatch& out) {
        const std::size_t count = std::min(kRowsAtOnce, rows_.size() - given_);
        out.ts_us.clear();
        out.columns.resize(fields_);
        for (column::Column& column : out.columns) column.reset(count);
        for (std::size_t row = 0; row < count; ++row) {
            const RowRef& ref = rows_[given_ + row];
            out.ts_us.push_back(ref.ts_us());
            for (std::size_t i = 0; i < fields_; ++i)
                if (const auto place = group_->columns[i])
                    out.columns[i].set(row, ref.rows->columns[*place].at(ref.row));
        }
        given_ += count;
    }

    const DeviceView view_;
    const std::size_t fields_; // that are asked for
    const std::vector<std::size_t> needed_;
    ChunkReader reader_;
    std::map<std::int64_t, kv::Family>::const_iterator partition_; // the next
    std::int64_t start_us_ = 0;                                    // of the one before
    kv::Family family_;                                            // likewise
    std::deque<GroupView>::const_iterator group_;
    std::deque<StoredChunk> chunks_;  // of the group in the partition, not taken yet
    std::span<const RowRef> head_;    // likewise
    std::deque<StoredChunk> cluster_; // what rows lie in that were given last; addresses stay
    std::vector<RowRef> rows_;        // of it or of the head
    std::size_t given_ = 0;
};

} // namespace

std::unique_ptr<Reading> read_in_any_order(DeviceView view, const ScanRequest& request,
                                           const kv::Database& database, std::size_t bytes_max) {
    return std::make_unique<AnyOrderReading>(std::move(view), request, database, bytes_max);
}

} // namespace holdfast::history
