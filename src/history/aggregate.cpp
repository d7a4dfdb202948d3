// Aggregates of a device in buckets of time: from the headers of chunks where those can answer,
// else from values, and row by row only where rows of several chunks or of a head lie among each
// other.
#include "history/buckets.hpp"
#include "history/chunk_reader.hpp"
#include "history/store_impl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <utility>

namespace holdfast::history {
namespace {

using column::Column;
using column::Type;
using column::Value;

template <class Number>
Value value_of(Number number) noexcept {
    if constexpr (std::is_same_v<Number, double>)
        return Value::of_float(number);
    else
        return Value::of_int(number);
}

// Rows [begin, end) of a column that holds numbers of one type in all of them. Nothing where a sum
// of integers is over: Value by Value knows what to do then.
template <class Number>
std::optional<FieldAggregate> aggregate_words(const std::int64_t* words,
                                              std::span<const std::int64_t> ts_us,
                                              std::size_t begin, std::size_t end) noexcept {
    const auto at = [words](std::size_t row) noexcept { return std::bit_cast<Number>(words[row]); };
    std::size_t least = begin;
    std::size_t most = begin;
    Number min = at(begin);
    Number max = min;
    Number sum{};
    for (std::size_t row = begin; row < end; ++row) {
        const Number number = at(row);
        if constexpr (std::is_same_v<Number, double>) {
            sum = row == begin ? number : sum + number; // -0 stays what it is
        } else if (__builtin_add_overflow(sum, number, &sum)) {
            return std::nullopt;
        }
        if (number < min) {
            min = number;
            least = row;
        }
        if (number > max) {
            max = number;
            most = row;
        }
    }
    if constexpr (std::is_same_v<Number, double>)
        if (std::isnan(sum)) return std::nullopt; // NaN among them, which is no least
    FieldAggregate out;
    out.count = out.numbers = end - begin;
    out.min = value_of(min);
    out.max = value_of(max);
    out.sum = value_of(sum);
    out.first = value_of(at(begin));
    out.last = value_of(at(end - 1));
    out.first_us = ts_us[begin];
    out.last_us = ts_us[end - 1];
    out.min_us = ts_us[least];
    out.max_us = ts_us[most];
    return out;
}

FieldAggregate aggregate_rows(const Column& column, Type type, std::span<const std::int64_t> ts_us,
                              std::size_t begin, std::size_t end) {
    std::optional<FieldAggregate> out;
    if (type == Type::float64) out = aggregate_words<double>(column.words(), ts_us, begin, end);
    if (type == Type::int64) out = aggregate_words<std::int64_t>(column.words(), ts_us, begin, end);
    if (out) return *out;
    out.emplace();
    for (std::size_t row = begin; row < end; ++row) out->add(ts_us[row], column.at(row));
    return *out;
}

class DeviceAggregation final : public Aggregation {
public:
    DeviceAggregation(const AggregateRequest& request, DeviceView view,
                      const kv::Database& database, std::size_t bytes_max)
        : check_(request.check),
          with_extremes_(request.with_extremes),
          bytes_max_(bytes_max),
          view_(std::move(view)),
          reader_(database, view_, bytes_max),
          buckets_(request),
          partition_(view_.partitions.begin()) {}

    Result<bool> next(std::vector<Bucket>& out) override {
        out.clear();
        while (out.empty()) {
            if (partition_ == view_.partitions.end()) return false;
            const auto& [start, family] = *partition_++;
            for (const GroupView& group : view_.groups) {
                HF_TRY(add_group(group, view_.partition(start), family));
            }
            if (partition_ == view_.partitions.end())
                buckets_.take_all(out);
            else
                buckets_.take_before(partition_->first, out);
        }
        return true;
    }
    const Offsets& told_below() const noexcept override { return view_.told_below; }
    bool is_ahead() const noexcept override { return view_.is_ahead; }
    std::int64_t kept_from_us() const noexcept override { return view_.kept_from_us; }
    AggregateCost cost() const noexcept override { return cost_; }
    std::size_t bytes() const noexcept override {
        return view_.head_bytes + reader_.bytes() + buckets_.bytes();
    }

private:
    // Chunks that overlap one another, of which rows may be identical.
    struct Cluster {
        std::deque<StoredChunk> chunks; // addresses stay
        std::int64_t first_us = 0;
        std::int64_t last_us = 0;
    };
    using Refs = std::span<const RowRef>;

    Result<void> add_group(const GroupView& group, TimeRange partition, const kv::Family& family) {
        Refs head = head_rows_in(group, partition);
        Cluster cluster;
        if (family) {
            HF_TRY(reader_.find(group, family, [&](StoredChunk chunk) -> Result<void> {
                if (check_) {
                    HF_TRY(check_());
                }
                if (!cluster.chunks.empty() && chunk.first_us() > cluster.last_us) {
                    HF_TRY(add_cluster(group, family, cluster, head));
                }
                if (cluster.chunks.empty()) cluster = {{}, chunk.first_us(), chunk.last_us()};
                cluster.last_us = std::max(cluster.last_us, chunk.last_us());
                cluster.chunks.push_back(std::move(chunk));
                return ok();
            }));
        }
        if (!cluster.chunks.empty()) {
            HF_TRY(add_cluster(group, family, cluster, head));
        }
        return add_refs(group, head);
    }

    // With the rows of the head among them, and those before. Leaves the cluster empty.
    Result<void> add_cluster(const GroupView& group, const kv::Family& family, Cluster& cluster,
                             Refs& head) {
        const auto count_if = [&head](auto wanted) {
            const auto end = std::find_if_not(head.begin(), head.end(), wanted);
            return static_cast<std::size_t>(end - head.begin());
        };
        const std::size_t before =
            count_if([&](const RowRef& ref) { return ref.ts_us() < cluster.first_us; });
        HF_TRY(add_refs(group, head.first(before)));
        head = head.subspan(before);
        const std::size_t among =
            count_if([&](const RowRef& ref) { return ref.ts_us() <= cluster.last_us; });
        if (cluster.chunks.size() == 1 && among == 0) {
            HF_TRY(add_chunk(group, family, cluster.chunks.front()));
        } else {
            HF_TRY(add_merged(group, family, cluster, head.first(among)));
        }
        head = head.subspan(among);
        for (StoredChunk& chunk : cluster.chunks) reader_.let_go(chunk);
        cluster.chunks.clear();
        return check_bytes();
    }

    Result<void> add_merged(const GroupView& group, const kv::Family& family, Cluster& cluster,
                            Refs head) {
        std::vector<RowRef> refs;
        for (StoredChunk& chunk : cluster.chunks) {
            HF_TRY(reader_.load(group, family, true, chunk));
            append_refs(chunk.rows, refs);
            ++cost_.chunks;
        }
        refs.insert(refs.end(), head.begin(), head.end());
        order_and_fold(refs);
        std::erase_if(refs, [this](const RowRef& ref) { return !view_.range.holds(ref.ts_us()); });
        return add_refs(group, refs);
    }

    Result<void> add_refs(const GroupView& group, Refs refs) {
        for (const RowRef& ref : refs) {
            Bucket& bucket = buckets_.at(ref.ts_us());
            ++bucket.rows;
            // One row behind another of its bucket: merged as a part, since rows of other groups
            // may have been counted already.
            for (std::size_t i = 0; i < group.columns.size(); ++i) {
                if (!group.columns[i]) continue;
                FieldAggregate one;
                one.add(ref.ts_us(), ref.rows->columns[*group.columns[i]].at(ref.row));
                bucket.fields[i].add(one);
            }
        }
        return check_bytes();
    }

    Result<void> add_chunk(const GroupView& group, const kv::Family& family, StoredChunk& chunk) {
        if (can_answer(group, chunk)) {
            add_header(group, chunk);
            return ok();
        }
        HF_TRY(reader_.load(group, family, false, chunk));
        ++cost_.chunks;
        std::vector<Type> types(group.columns.size(), Type::null);
        for (std::size_t i = 0; i < types.size(); ++i)
            if (group.columns[i]) types[i] = chunk.rows.columns[*group.columns[i]].uniform_type();
        const auto& ts_us = chunk.rows.ts_us;
        const auto row_at = [&ts_us](std::int64_t us) {
            return static_cast<std::size_t>(std::lower_bound(ts_us.begin(), ts_us.end(), us) -
                                            ts_us.begin());
        };
        const std::size_t rows_end = row_at(view_.range.to_us);
        for (std::size_t begin = row_at(view_.range.from_us); begin < rows_end;) {
            const std::size_t end = std::min(rows_end, row_at(buckets_.end_of(ts_us[begin])));
            Bucket& bucket = buckets_.at(ts_us[begin]);
            bucket.rows += end - begin;
            for (std::size_t i = 0; i < types.size(); ++i)
                if (const auto place = group.columns[i])
                    bucket.fields[i].add(
                        aggregate_rows(chunk.rows.columns[*place], types[i], ts_us, begin, end));
            begin = end;
        }
        return ok();
    }

    // Whether the header says all that is asked for. Where only some values are numbers it does not
    // say when the first and the last of them were.
    bool can_answer(const GroupView& group, const StoredChunk& chunk) const {
        if (with_extremes_ || !view_.range.holds(chunk.first_us()) ||
            !view_.range.holds(chunk.last_us()) ||
            buckets_.end_of(chunk.first_us()) <= chunk.last_us())
            return false;
        const std::size_t rows = chunk.header.ts_us.size();
        return std::all_of(group.columns.begin(), group.columns.end(), [&](const auto& place) {
            if (!place) return true;
            const FieldStats& stats = chunk.header.columns[*place];
            return stats.numbers == 0 || stats.numbers == rows;
        });
    }
    void add_header(const GroupView& group, const StoredChunk& chunk) {
        Bucket& bucket = buckets_.at(chunk.first_us());
        bucket.rows += chunk.header.ts_us.size();
        for (std::size_t i = 0; i < group.columns.size(); ++i)
            if (const auto place = group.columns[i])
                bucket.fields[i].add(FieldAggregate{chunk.header.columns[*place], chunk.first_us(),
                                                    chunk.last_us(),
                                                    /*min_us=*/0, /*max_us=*/0});
        ++cost_.headers;
    }

    Result<void> check_bytes() const {
        if (bytes() <= bytes_max_) return ok();
        return fail(Errc::limit_exceeded,
                    fmt::format("history of '{}': buckets of more than {} bytes; ask for a wider "
                                "step, less time or fewer fields",
                                view_.device, bytes_max_));
    }

    const std::function<Result<void>()> check_;
    const bool with_extremes_;
    const std::size_t bytes_max_;
    const DeviceView view_;
    ChunkReader reader_;
    Buckets buckets_;
    std::map<std::int64_t, kv::Family>::const_iterator partition_; // the next
    AggregateCost cost_;
};

} // namespace

std::unique_ptr<Aggregation> Store::Impl::aggregate(const AggregateRequest& request) const {
    return std::make_unique<DeviceAggregation>(
        request,
        view_of(request.stream, request.device, request.fields, {request.from_us, request.to_us}),
        *database_, std::min(request.bytes_max, options_.scan_bytes_max));
}

} // namespace holdfast::history
