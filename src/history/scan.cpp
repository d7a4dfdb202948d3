// Reading: the chunks and heads of a device, merged by time. Of a time partition the headers are
// held, and of its chunks those alone that reach into the window at hand.
#include "history/any_order_scan.hpp"
#include "history/chunk_reader.hpp"
#include "history/store_impl.hpp"
#include "history/time_order.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace holdfast::history {
namespace {

constexpr std::size_t kRowsAtOnce = 2'048;

struct FoundRow {
    RowRef ref;
    const GroupView* group = nullptr;
};

ScanBatch make_batch(std::span<const FoundRow> rows, std::size_t fields) {
    ScanBatch batch;
    batch.columns.resize(fields);
    for (column::Column& column : batch.columns) column.reset(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const FoundRow& found = rows[row];
        batch.ts_us.push_back(found.ref.ts_us());
        for (std::size_t i = 0; i < fields; ++i)
            if (const auto at = found.group->columns[i])
                batch.columns[i].set(row, found.ref.rows->columns[*at].at(found.ref.row));
    }
    return batch;
}

class DeviceReading final : public Reading {
public:
    DeviceReading(DeviceView view, const ScanRequest& request, const kv::Database& database,
                  std::size_t bytes_max)
        : view_(std::move(view)),
          fields_(request.fields.size()),
          needed_(request.needed),
          reader_(database, view_, bytes_max),
          partition_(view_.partitions.begin()) {}

    Result<bool> next(ScanBatch& out) override {
        while (at_ == rows_.size()) {
            HF_TRY(const bool any, next_window());
            if (!any) return false;
        }
        const std::size_t count = std::min(kRowsAtOnce, rows_.size() - at_);
        out = make_batch(std::span(rows_).subspan(at_, count), fields_);
        at_ += count;
        return true;
    }
    const Offsets& told_below() const noexcept override { return view_.told_below; }
    bool is_ahead() const noexcept override { return view_.is_ahead; }
    std::int64_t kept_from_us() const noexcept override { return view_.kept_from_us; }
    std::size_t bytes() const noexcept override { return view_.head_bytes + reader_.bytes(); }

private:
    // What the partition at hand has of a group.
    struct GroupChunks {
        const GroupView* group = nullptr;
        std::deque<StoredChunk> chunks; // not given yet, by their first times; addresses stay
        std::span<const RowRef> head;   // likewise
        // Only rows of equal times can be the same row, and to know it all columns are needed.
        bool overlaps = false;
    };

    // The next rows of all groups, perhaps none; false behind the last.
    Result<bool> next_window() {
        at_ = 0;
        rows_.clear();
        let_go_before(window_begin_us_);
        const bool is_over = std::all_of(groups_.begin(), groups_.end(), [](const auto& each) {
            return each.chunks.empty() && each.head.empty();
        });
        if (is_over) {
            if (partition_ == view_.partitions.end()) return false;
            const auto& [start, family] = *partition_++;
            HF_TRY(open_partition(view_.partition(start), family));
            window_begin_us_ = start;
        }
        // To where the first chunk ends, so that no more are loaded than overlap it.
        std::int64_t last_us = INT64_MAX;
        for (const GroupChunks& each : groups_)
            for (const StoredChunk& chunk : each.chunks)
                last_us = std::min(last_us, chunk.last_us());
        for (GroupChunks& each : groups_) {
            HF_TRY(take(each, last_us));
        }
        sort_by_time(rows_, [](const FoundRow& row) { return row.ref.ts_us(); });
        window_begin_us_ = last_us == INT64_MAX ? last_us : last_us + 1;
        return true;
    }

    Result<void> open_partition(TimeRange partition, const kv::Family& family) {
        family_ = family;
        groups_.clear();
        for (const GroupView& group : view_.groups) {
            if (!has_needed(group, needed_)) continue;
            GroupChunks& found = groups_.emplace_back();
            found.group = &group;
            found.head = head_rows_in(group, partition);
            if (!family) continue;
            HF_TRY(reader_.find(group, family, [&found](StoredChunk chunk) {
                found.chunks.push_back(std::move(chunk));
                return ok();
            }));
            std::int64_t last_us = INT64_MIN;
            for (const StoredChunk& chunk : found.chunks) {
                found.overlaps = found.overlaps || chunk.first_us() <= last_us;
                last_us = std::max(last_us, chunk.last_us());
            }
            found.overlaps = found.overlaps || (!found.chunks.empty() && !found.head.empty() &&
                                                found.head.front().ts_us() <= last_us);
        }
        return ok();
    }

    // Rows of a group from the begin of the window to `last_us`.
    Result<void> take(GroupChunks& from, std::int64_t last_us) {
        std::vector<RowRef> refs;
        for (StoredChunk& chunk : from.chunks) {
            if (chunk.first_us() > last_us) break;
            if (chunk.rows.ts_us.empty()) {
                HF_TRY(reader_.load(*from.group, family_, from.overlaps, chunk));
            }
            const auto& ts_us = chunk.rows.ts_us;
            const auto begin = std::lower_bound(ts_us.begin(), ts_us.end(), window_begin_us_);
            const auto end = std::upper_bound(begin, ts_us.end(), last_us);
            for (auto each = begin; each != end; ++each)
                refs.push_back({&chunk.rows, static_cast<std::uint32_t>(each - ts_us.begin())});
        }
        std::size_t heads = 0;
        while (heads < from.head.size() && from.head[heads].ts_us() <= last_us) ++heads;
        refs.insert(refs.end(), from.head.begin(),
                    from.head.begin() + static_cast<std::ptrdiff_t>(heads));
        from.head = from.head.subspan(heads);
        if (from.overlaps) order_and_fold(refs);
        for (const RowRef& ref : refs)
            if (view_.range.holds(ref.ts_us())) rows_.push_back({ref, from.group});
        return ok();
    }

    void let_go_before(std::int64_t us) {
        for (GroupChunks& each : groups_) {
            for (StoredChunk& chunk : each.chunks)
                if (chunk.last_us() < us) reader_.let_go(chunk);
            std::erase_if(each.chunks,
                          [us](const StoredChunk& chunk) { return chunk.last_us() < us; });
        }
    }

    const DeviceView view_;
    const std::size_t fields_; // that are asked for
    const std::vector<std::size_t> needed_;
    ChunkReader reader_;
    std::map<std::int64_t, kv::Family>::const_iterator partition_; // the next
    kv::Family family_;                                            // of the one before
    std::deque<GroupChunks> groups_;                               // likewise
    std::int64_t window_begin_us_ = INT64_MIN;                     // rows before were given
    std::vector<FoundRow> rows_;
    std::size_t at_ = 0;
};

} // namespace

std::unique_ptr<Reading> Store::Impl::read(const ScanRequest& request) const {
    DeviceView view =
        view_of(request.stream, request.device, request.fields, {request.from_us, request.to_us});
    const std::size_t bytes_max = std::min(request.bytes_max, options_.scan_bytes_max);
    if (request.in_any_order)
        return read_in_any_order(std::move(view), request, *database_, bytes_max);
    return std::make_unique<DeviceReading>(std::move(view), request, *database_, bytes_max);
}

} // namespace holdfast::history
