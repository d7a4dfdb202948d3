#include "history/chunk_reader.hpp"

#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::history {

Result<void> ChunkReader::find(const GroupView& group, const kv::Family& family,
                               const Each& each) const {
    const TimeRange& range = view_.range;
    const Bytes first = ChunkKey{group.id, 0, INT64_MIN, 0}.encode();
    const Bytes end = ChunkKey{group.id, 1, INT64_MIN, 0}.encode();
    kv::Iterator stored = database_.iterate(family, end);
    for (stored.seek(first); stored.valid(); stored.next()) {
        const auto key = ChunkKey::decode(stored.key());
        if (!key) return named(fail(Errc::corrupt, "a key of a wrong length"), family);
        if (key->first_ts_us >= range.to_us) break;
        if (key->number >= view_.chunks_end) continue;
        auto header = read_header(stored.key(), stored.value(), group.fields);
        if (!header) return named(header.error(), key->first_ts_us);
        if (header.value().ts_us.back() < range.from_us) continue;
        HF_TRY(each({*key, std::move(header).value(), {}, 0}));
    }
    if (auto status = stored.status(); !status) return named(status.error(), family);
    return ok();
}

Result<void> ChunkReader::load(const GroupView& group, const kv::Family& family, bool all,
                               StoredChunk& chunk) {
    chunk.rows.ts_us = chunk.header.ts_us;
    chunk.rows.columns.resize(group.fields);
    for (std::size_t i = 0; i < group.fields; ++i) {
        if (!all && std::find(group.columns.begin(), group.columns.end(), i) == group.columns.end())
            continue;
        ChunkKey key = chunk.key;
        key.column = static_cast<std::uint16_t>(i + 1);
        const Bytes encoded = key.encode();
        auto value = database_.get(family, encoded);
        if (!value) return named(value.error(), key.first_ts_us);
        if (!value.value())
            return named(fail(Errc::corrupt, "a column of a chunk is gone"), key.first_ts_us);
        auto read = read_column(encoded, as_bytes(*value.value()), chunk.rows.size(),
                                chunk.rows.texts, chunk.rows.columns[i]);
        if (!read) return named(read.error(), key.first_ts_us);
        chunk.loaded_bytes += chunk.rows.size() * kValueBytes;
    }
    chunk.loaded_bytes += chunk.rows.texts.bytes() + chunk.rows.size() * kRowBytes;
    bytes_ += chunk.loaded_bytes;
    if (bytes_ > bytes_max_)
        return fail(
            Errc::limit_exceeded,
            fmt::format("history of '{}' around {}: more than {} bytes to merge; ask for "
                        "less time or fewer fields",
                        view_.device, column::format_timestamp(chunk.key.first_ts_us), bytes_max_));
    return ok();
}

void ChunkReader::let_go(StoredChunk& chunk) noexcept {
    bytes_ -= chunk.loaded_bytes;
    chunk.loaded_bytes = 0;
    chunk.rows = {};
}

// What does not read has no time of its own: the partition's it lies in.
Error ChunkReader::named(const Error& why, const kv::Family& family) const {
    for (const auto& [start, each] : view_.partitions)
        if (each == family)
            return fail(why.code, fmt::format("history of '{}' from {} to {}: {}", view_.device,
                                              column::format_timestamp(start),
                                              column::format_timestamp(start + view_.partition_us),
                                              why.context));
    return named(why, view_.range.from_us);
}

Error ChunkReader::named(const Error& why, std::int64_t us) const {
    return fail(why.code, fmt::format("history of '{}' from {}: {}", view_.device,
                                      column::format_timestamp(us), why.context));
}

} // namespace holdfast::history
