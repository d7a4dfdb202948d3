#include "history/chunk_group.hpp"

#include "history/value_codec.hpp"

#include <holdfast/base/crc32c.hpp>
#include <holdfast/column/chunk.hpp>
#include <holdfast/column/chunk_ints.hpp>

#include <algorithm>
#include <bit>
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

void write_stats(const FieldStats& stats, Bytes& out) {
    ByteWriter writer(out);
    writer.varlong(static_cast<std::int64_t>(stats.count));
    writer.varlong(static_cast<std::int64_t>(stats.numbers));
    if (stats.numbers == 0) return;
    for (const Value* value : {&stats.min, &stats.max, &stats.sum, &stats.first, &stats.last})
        write_value(*value, out);
}

Result<FieldStats> read_stats(ByteReader& in) {
    FieldStats stats;
    HF_TRY(const std::int64_t count, in.varlong());
    HF_TRY(const std::int64_t numbers, in.varlong());
    stats.count = static_cast<std::uint64_t>(count);
    stats.numbers = static_cast<std::uint64_t>(numbers);
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
        HF_TRY(FieldStats stats, read_stats(in));
        header.columns.push_back(stats);
    }
    header.ts_us.resize(rows);
    HF_TRY(column::decode_ints(in, header.ts_us));
    if (rows == 0 || !in.empty()) return fail(Errc::corrupt, "a chunk of a wrong length");
    return header;
}

// The rows' places in what they are taken from, where that is one; else none.
std::vector<std::uint32_t> places_of(std::span<const RowRef> rows) {
    const auto is_of_another = [&](const RowRef& row) { return row.rows != rows.front().rows; };
    if (std::ranges::any_of(rows, is_of_another)) return {};
    std::vector<std::uint32_t> places;
    places.reserve(rows.size());
    for (const RowRef& row : rows) places.push_back(row.row);
    return places;
}

Column gather(std::span<const RowRef> rows, const std::vector<std::uint32_t>& places,
              std::size_t field) {
    if (!places.empty()) return rows.front().rows->columns[field].gather(places);
    Column out;
    out.reset(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        out.set(i, rows[i].rows->columns[field].at(rows[i].row));
    return out;
}

// As FieldStats::add() of one after the other. False where the numbers are not all of them plain: a
// sum that leaves int64, or NaN.
bool measure_ints(std::span<const std::int64_t> words, FieldStats& stats) {
    std::int64_t min = words.front();
    std::int64_t max = words.front();
    std::int64_t sum = 0;
    for (const std::int64_t word : words) {
        min = std::min(min, word);
        max = std::max(max, word);
        if (__builtin_add_overflow(sum, word, &sum)) return false;
    }
    stats = {words.size(),
             words.size(),
             Value::of_int(min),
             Value::of_int(max),
             Value::of_int(sum),
             Value::of_int(words.front()),
             Value::of_int(words.back())};
    return true;
}

bool measure_doubles(std::span<const std::int64_t> words, FieldStats& stats) {
    const auto number = [](std::int64_t word) { return std::bit_cast<double>(word); };
    double min = number(words.front());
    double max = min;
    double sum = min; // not 0 and the first: -0 stays
    if (std::isnan(min)) return false;
    for (const std::int64_t word : words.subspan(1)) {
        const double value = number(word);
        if (std::isnan(value)) return false;
        if (value < min) min = value; // of two equal ones the earlier stands
        if (value > max) max = value;
        sum += value;
    }
    stats = {words.size(),
             words.size(),
             Value::of_float(min),
             Value::of_float(max),
             Value::of_float(sum),
             Value::of_float(number(words.front())),
             Value::of_float(number(words.back()))};
    return true;
}

} // namespace

FieldStats measure(const Column& column) {
    FieldStats stats;
    const std::span<const std::int64_t> words(column.words(), column.rows());
    const Type type = column.uniform_type();
    if (type == Type::int64 && measure_ints(words, stats)) return stats;
    if (type == Type::float64 && measure_doubles(words, stats)) return stats;
    for (std::size_t row = 0; row < column.rows(); ++row) stats.add(column.at(row));
    return stats;
}

std::vector<ChunkPart> make_chunk(GroupId group, std::uint32_t number, std::span<const RowRef> rows,
                                  std::size_t fields) {
    assert(!rows.empty() && rows.size() <= column::kChunkRowsMax);
    std::vector<ChunkPart> parts(fields + 1);
    ByteWriter header(parts.front().value);
    header.u16_be(static_cast<std::uint16_t>(rows.size()));
    header.u16_be(static_cast<std::uint16_t>(fields));
    const auto places = places_of(rows);
    for (std::size_t field = 0; field < fields; ++field) {
        const Column column = gather(rows, places, field);
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

Result<std::size_t> check_part(ByteView key, ByteView value) {
    HF_TRY(const ByteView body, unseal(key, value));
    const auto at = ChunkKey::decode(key);
    if (!at || at->column != 0) return std::size_t{0};
    ByteReader in(body);
    HF_TRY(in.u16_be()); // rows
    HF_TRY(const std::size_t fields, in.u16_be());
    return fields;
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
