#include "history/chunk_group.hpp"

#include "history/value_codec.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/column/chunk.hpp>
#include <holdfast/column/chunk_ints.hpp>

#include <cassert>
#include <cmath>
#include <utility>

namespace holdfast::history {
namespace {

using column::Column;
using column::Type;
using column::Value;

constexpr std::size_t kCrcBytes = 4;

void seal(ByteView key, Bytes& value) {
    ByteWriter(value).u32_be(crc32c(value, crc32c(key)));
}

Result<ByteView> unseal(ByteView key, ByteView value) {
    if (value.size() < kCrcBytes) return fail(Errc::corrupt, "a chunk that was cut off");
    const ByteView body = value.first(value.size() - kCrcBytes);
    if (load_u32_be(body.data() + body.size()) != crc32c(body, crc32c(key)))
        return fail(Errc::corrupt, "a chunk whose checksum is wrong");
    return body;
}

// NaN is no least and no largest.
bool replaces(const Value& value, const Value& held, int sign) noexcept {
    if (value.type() == Type::float64 && std::isnan(value.as_float())) return false;
    return held.is_null() || column::compare(value, held) * sign > 0;
}

void add_to_sum(Value& sum, const Value& value) noexcept {
    if (sum.is_null()) {
        sum = value;
        return;
    }
    std::int64_t whole = 0;
    const bool is_whole = sum.type() == Type::int64 && value.type() == Type::int64 &&
                          !__builtin_add_overflow(sum.as_int(), value.as_int(), &whole);
    sum = is_whole ? Value::of_int(whole) : Value::of_float(sum.as_float() + value.as_float());
}

void write_stats(const ColumnStats& stats, Bytes& out) {
    ByteWriter writer(out);
    writer.varlong(stats.count);
    writer.varlong(stats.numbers);
    if (stats.numbers == 0) return;
    for (const Value* value : {&stats.min, &stats.max, &stats.sum, &stats.first, &stats.last})
        write_value(*value, out);
}

Result<ColumnStats> read_stats(ByteReader& in) {
    ColumnStats stats;
    HF_TRY(const std::int64_t count, in.varlong());
    HF_TRY(const std::int64_t numbers, in.varlong());
    stats.count = static_cast<std::uint32_t>(count);
    stats.numbers = static_cast<std::uint32_t>(numbers);
    if (stats.numbers == 0) return stats;
    for (Value* value : {&stats.min, &stats.max, &stats.sum, &stats.first, &stats.last}) {
        HF_TRY(*value, read_value(in));
    }
    return stats;
}

Result<ChunkHeader> read_body(ByteReader& in, std::size_t fields) {
    HF_TRY(const std::size_t rows, in.u16_be());
    HF_TRY(const std::size_t columns, in.u16_be());
    if (columns != fields) return fail(Errc::corrupt, "a chunk of another number of fields");
    ChunkHeader header;
    for (std::size_t i = 0; i < columns; ++i) {
        HF_TRY(ColumnStats stats, read_stats(in));
        header.columns.push_back(stats);
    }
    header.ts_us.resize(rows);
    HF_TRY(column::decode_ints(in, header.ts_us));
    if (rows == 0 || !in.empty()) return fail(Errc::corrupt, "a chunk of a wrong length");
    return header;
}

Column gather(std::span<const RowRef> rows, std::size_t field) {
    Column out;
    out.reset(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.set(i, rows[i].rows->columns[field].at(rows[i].row));
    return out;
}

} // namespace

ColumnStats measure(const Column& column) {
    ColumnStats stats;
    for (std::size_t row = 0; row < column.rows(); ++row) {
        const Value value = column.at(row);
        if (value.is_null()) continue;
        ++stats.count;
        if (!value.is_number()) continue;
        ++stats.numbers;
        if (replaces(value, stats.min, -1)) stats.min = value;
        if (replaces(value, stats.max, 1)) stats.max = value;
        add_to_sum(stats.sum, value);
        if (stats.first.is_null()) stats.first = value;
        stats.last = value;
    }
    return stats;
}

std::vector<ChunkPart> make_chunk(GroupId group, std::uint32_t number, std::span<const RowRef> rows,
                                  std::size_t fields) {
    assert(!rows.empty() && rows.size() <= column::kChunkRowsMax);
    std::vector<ChunkPart> parts(fields + 1);
    ByteWriter header(parts.front().value);
    header.u16_be(static_cast<std::uint16_t>(rows.size()));
    header.u16_be(static_cast<std::uint16_t>(fields));
    for (std::size_t field = 0; field < fields; ++field) {
        const Column column = gather(rows, field);
        write_stats(measure(column), parts.front().value);
        column::encode_column(column, parts[field + 1].value);
    }
    std::vector<std::int64_t> ts_us;
    ts_us.reserve(rows.size());
    for (const RowRef& row : rows) ts_us.push_back(row.ts_us());
    column::encode_ints(ts_us, parts.front().value);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        parts[i].key =
            ChunkKey{group, static_cast<std::uint16_t>(i), ts_us.front(), number}.encode();
        seal(parts[i].key, parts[i].value);
    }
    return parts;
}

Result<ChunkHeader> read_header(ByteView key, ByteView value, std::size_t fields) {
    HF_TRY(const ByteView body, unseal(key, value));
    ByteReader in(body);
    auto header = read_body(in, fields);
    if (!header) return fail(Errc::corrupt, std::move(header).error().context);
    return header;
}

Result<void> read_column(ByteView key, ByteView value, std::size_t rows, column::TextArena& texts,
                         Column& out) {
    HF_TRY(const ByteView body, unseal(key, value));
    return column::decode_column(body, rows, texts, out);
}

} // namespace holdfast::history
