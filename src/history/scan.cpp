// Reading: the chunks and heads of a device, one time partition after the other, merged by time.
#include "history/chunk_group.hpp"
#include "history/store_impl.hpp"
#include "history/time_order.hpp"

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace holdfast::history {
namespace {

constexpr std::size_t kRowsAtOnce = 2'048;

// What a scan needs of a group, taken while the store is locked.
struct Part {
    GroupId id = 0;
    std::vector<std::optional<std::size_t>> columns; // of the fields asked for
    std::size_t fields = 0;                          // of the shape
    Rows head;
    std::vector<RowRef> head_refs; // ordered and folded
};

struct Span {
    std::int64_t from_us = 0; // [from, to)
    std::int64_t to_us = 0;
    [[nodiscard]] bool holds(std::int64_t us) const noexcept { return us >= from_us && us < to_us; }
};

struct PartitionView {
    std::int64_t start_us = 0;
    kv::Family family; // null: only heads have rows there
};

struct FoundRow {
    RowRef ref;
    const Part* part = nullptr;
};

struct StoredChunk {
    ChunkKey key;
    ChunkHeader header;
    Rows rows;
};

class Scan {
public:
    Scan(const kv::Database& database, std::string_view device, Span span, std::size_t bytes_max)
        : database_(database), device_(device), span_(span), bytes_max_(bytes_max) {}

    // The rows of all parts in one time partition, by time.
    Result<std::vector<FoundRow>> rows_of(const std::deque<Part>& parts, const PartitionView& view,
                                          Span partition) {
        chunks_.clear();
        bytes_ = 0;
        std::vector<FoundRow> found;
        for (const Part& part : parts) {
            std::vector<RowRef> refs;
            HF_TRY(collect(part, view, partition, refs));
            for (const RowRef& ref : refs)
                if (span_.holds(ref.ts_us())) found.push_back({ref, &part});
        }
        sort_by_time(found, [](const FoundRow& row) { return row.ref.ts_us(); });
        return found;
    }

private:
    Result<void> collect(const Part& part, const PartitionView& view, Span partition,
                         std::vector<RowRef>& refs) {
        std::vector<StoredChunk*> chunks;
        if (view.family) {
            HF_TRY(find_chunks(part, view.family, chunks));
        }
        std::vector<RowRef> head;
        for (const RowRef& ref : part.head_refs)
            if (partition.holds(ref.ts_us())) head.push_back(ref);
        // Only rows of equal times can be the same row, and to know it all columns are needed.
        const bool overlap = overlaps(chunks, head);
        for (StoredChunk* chunk : chunks) {
            HF_TRY(load(part, view.family, overlap, *chunk));
            append_refs(chunk->rows, refs);
        }
        refs.insert(refs.end(), head.begin(), head.end());
        if (overlap) order_and_fold(refs);
        return ok();
    }

    // In the order of their first times.
    Result<void> find_chunks(const Part& part, const kv::Family& family,
                             std::vector<StoredChunk*>& out) {
        const Bytes first = ChunkKey{part.id, 0, INT64_MIN, 0}.encode();
        const Bytes end = ChunkKey{part.id, 1, INT64_MIN, 0}.encode();
        kv::Iterator each = database_.iterate(family, end);
        for (each.seek(first); each.valid(); each.next()) {
            const auto key = ChunkKey::decode(each.key());
            if (!key) return fail(Errc::corrupt, where("a key of a wrong length", span_.from_us));
            if (key->first_ts_us >= span_.to_us) break;
            auto header = read_header(each.key(), each.value(), part.fields);
            if (!header) return named(header.error(), key->first_ts_us);
            if (header.value().ts_us.back() < span_.from_us) continue;
            chunks_.push_back({*key, std::move(header).value(), {}});
            out.push_back(&chunks_.back());
        }
        if (auto status = each.status(); !status) return named(status.error(), span_.from_us);
        return ok();
    }

    static bool overlaps(const std::vector<StoredChunk*>& chunks, const std::vector<RowRef>& head) {
        std::int64_t last = INT64_MIN;
        for (const StoredChunk* chunk : chunks) {
            if (chunk->header.ts_us.front() <= last) return true;
            last = chunk->header.ts_us.back();
        }
        return !chunks.empty() && !head.empty() && head.front().ts_us() <= last;
    }

    Result<void> load(const Part& part, const kv::Family& family, bool all, StoredChunk& chunk) {
        chunk.rows.ts_us = chunk.header.ts_us;
        chunk.rows.columns.resize(part.fields);
        std::set<std::size_t> wanted;
        for (const auto& column : part.columns)
            if (column) wanted.insert(*column);
        for (std::size_t i = 0; i < part.fields; ++i) {
            if (!all && !wanted.contains(i)) continue;
            ChunkKey key = chunk.key;
            key.column = static_cast<std::uint16_t>(i + 1);
            const Bytes encoded = key.encode();
            auto value = database_.get(family, encoded);
            if (!value) return named(value.error(), key.first_ts_us);
            if (!value.value())
                return fail(Errc::corrupt, where("a column of a chunk is gone", key.first_ts_us));
            auto read = read_column(encoded, as_bytes(*value.value()), chunk.rows.size(),
                                    chunk.rows.texts, chunk.rows.columns[i]);
            if (!read) return named(read.error(), key.first_ts_us);
            bytes_ += chunk.rows.size() * sizeof(std::int64_t);
        }
        bytes_ += chunk.rows.texts.bytes();
        if (bytes_ > bytes_max_)
            return fail(
                Errc::limit_exceeded,
                fmt::format("history of '{}' around {}: more than {} bytes to merge; ask "
                            "for less time or fewer fields",
                            device_, column::format_timestamp(chunk.key.first_ts_us), bytes_max_));
        return ok();
    }

    [[nodiscard]] std::string where(std::string_view what, std::int64_t us) const {
        return fmt::format("history of '{}' from {}: {}", device_, column::format_timestamp(us),
                           what);
    }
    [[nodiscard]] Error named(const Error& why, std::int64_t us) const {
        return fail(why.code, where(why.context, us));
    }

    const kv::Database& database_;
    const std::string_view device_;
    const Span span_;
    const std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    std::deque<StoredChunk> chunks_; // of the partition at hand; addresses stay
};

ScanBatch make_batch(std::span<const FoundRow> rows, std::size_t fields) {
    ScanBatch batch;
    batch.columns.resize(fields);
    for (column::Column& column : batch.columns) column.reset(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const FoundRow& found = rows[row];
        batch.ts_us.push_back(found.ref.ts_us());
        for (std::size_t i = 0; i < fields; ++i)
            if (const auto at = found.part->columns[i])
                batch.columns[i].set(row, found.ref.rows->columns[*at].at(found.ref.row));
    }
    return batch;
}

Part take_part(const Group& group, std::span<const std::string> fields) {
    Part part;
    part.id = group.id;
    const auto& names = group.shape->fields;
    part.fields = names.size();
    for (const std::string& field : fields) {
        const auto found = std::find(names.begin(), names.end(), field);
        part.columns.emplace_back();
        if (found != names.end())
            part.columns.back() = static_cast<std::size_t>(found - names.begin());
    }
    part.head = group.head.rows(part.fields);
    return part;
}

} // namespace

Result<void> Store::Impl::scan(StreamId stream, std::string_view device,
                               std::span<const std::string> fields, std::int64_t from_us,
                               std::int64_t to_us, const EachBatch& each) const {
    const Span span{from_us, to_us};
    std::deque<Part> parts;
    std::map<std::int64_t, PartitionView> views;
    {
        // A head that is sealed from now on is met twice, as this copy and as its chunk: the same
        // rows at the same times, so they are folded.
        const std::lock_guard lock(mutex_);
        const auto* groups = catalog_.groups_of(stream, device);
        if (groups == nullptr) return ok();
        for (const Group* group : *groups) parts.push_back(take_part(*group, fields));
        for (const auto& [start, family] : families_)
            if (start < span.to_us && start + options_.partition_us > span.from_us)
                views[start] = {start, family};
    }
    for (Part& part : parts) {
        append_refs(part.head, part.head_refs);
        order_and_fold(part.head_refs);
        for (const RowRef& ref : part.head_refs)
            if (span.holds(ref.ts_us())) {
                const std::int64_t start = partition_of(ref.ts_us(), options_.partition_us);
                views.try_emplace(start, PartitionView{start, nullptr});
            }
    }
    Scan reading(*database_, device, span, options_.scan_bytes_max);
    for (const auto& [start, view] : views) {
        HF_TRY(const auto rows,
               reading.rows_of(parts, view, {start, start + options_.partition_us}));
        for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
            const std::size_t count = std::min(kRowsAtOnce, rows.size() - begin);
            if (!each(make_batch(std::span(rows).subspan(begin, count), fields.size())))
                return ok();
        }
    }
    return ok();
}

} // namespace holdfast::history
