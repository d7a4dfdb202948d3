#include <holdfast/column/chunk.hpp>

#include <holdfast/column/chunk_doubles.hpp>
#include <holdfast/column/chunk_ints.hpp>
#include <holdfast/column/chunk_texts.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::column {
namespace {

constexpr std::array<Type, 6> kTypes = {Type::null,    Type::int64, Type::float64,
                                        Type::boolean, Type::text,  Type::timestamp};

constexpr unsigned bit_of(Type type) noexcept {
    return 1U << static_cast<unsigned>(type);
}
constexpr unsigned kTypeBits = (1U << kTypes.size()) - 1;

// The types of a chunk: which there are, and, where there are several, one integer a row that is
// the type's place among them. So one type costs a byte, and NULLs a bit a row or their runs.
unsigned write_types(const Column& column, Bytes& out) {
    unsigned present = 0;
    for (std::size_t row = 0; row < column.rows(); ++row) present |= bit_of(column.type_at(row));
    ByteWriter(out).u8(static_cast<std::uint8_t>(present));
    if (std::popcount(present) < 2) return present;
    std::vector<std::int64_t> places(column.rows());
    for (std::size_t row = 0; row < column.rows(); ++row)
        places[row] = std::popcount(present & (bit_of(column.type_at(row)) - 1));
    encode_ints(places, out);
    return present;
}

Result<std::vector<Type>> read_types(ByteReader& in, std::size_t rows) {
    HF_TRY(const unsigned present, in.u8());
    if ((present & ~kTypeBits) != 0 || (present == 0) != (rows == 0))
        return fail(Errc::corrupt, "chunk: no such type");
    std::vector<Type> among;
    for (const Type type : kTypes)
        if ((present & bit_of(type)) != 0) among.push_back(type);
    if (among.size() < 2) return std::vector<Type>(rows, rows == 0 ? Type::null : among.front());
    std::vector<std::int64_t> places(rows);
    HF_TRY(decode_ints(in, places));
    std::vector<Type> types(rows);
    for (std::size_t row = 0; row < rows; ++row) {
        if (places[row] < 0 || static_cast<std::size_t>(places[row]) >= among.size())
            return fail(Errc::corrupt, "chunk: a row of no type");
        types[row] = among[static_cast<std::size_t>(places[row])];
    }
    return types;
}

// The words of the rows of one type, without the others.
std::vector<std::int64_t> words_of(const Column& column, Type type) {
    std::vector<std::int64_t> words;
    for (std::size_t row = 0; row < column.rows(); ++row)
        if (column.type_at(row) == type) words.push_back(column.words()[row]);
    return words;
}

void write_values(const Column& column, Type type, Bytes& out) {
    if (type == Type::text) {
        std::vector<std::string_view> texts;
        for (std::size_t row = 0; row < column.rows(); ++row)
            if (column.type_at(row) == type) texts.push_back(column.at(row).as_text());
        encode_texts(texts, out);
    } else if (type == Type::float64) {
        encode_doubles(words_of(column, type), out);
    } else {
        encode_ints(words_of(column, type), out);
    }
}

Value value_of(Type type, std::int64_t word) noexcept {
    switch (type) {
        case Type::float64: return Value::of_float(std::bit_cast<double>(word));
        case Type::boolean: return Value::of_bool(word != 0);
        case Type::timestamp: return Value::of_timestamp_us(word);
        case Type::int64:
        case Type::null:
        case Type::text: break;
    }
    return Value::of_int(word);
}

Result<void> read_words(ByteReader& in, Type type, std::span<std::int64_t> words) {
    if (type == Type::float64) return decode_doubles(in, words);
    HF_TRY(decode_ints(in, words));
    const auto is_bit = [](std::int64_t word) { return word == 0 || word == 1; };
    if (type == Type::boolean && !std::all_of(words.begin(), words.end(), is_bit))
        return fail(Errc::corrupt, "chunk: neither true nor false");
    return ok();
}

Result<void> read_values(ByteReader& in, Type type, const std::vector<Type>& types,
                         TextArena& arena, Column& out) {
    const auto count = static_cast<std::size_t>(std::count(types.begin(), types.end(), type));
    if (count == 0) return ok();
    if (type == Type::text) {
        std::vector<std::string_view> texts(count);
        HF_TRY(decode_texts(in, arena, texts));
        for (std::size_t row = 0, next = 0; row < types.size(); ++row)
            if (types[row] == type) out.set(row, Value::of_text(texts[next++]));
        return ok();
    }
    if (count == types.size()) return read_words(in, type, {out.fill(type, count), count});
    std::vector<std::int64_t> words(count);
    HF_TRY(read_words(in, type, words));
    for (std::size_t row = 0, next = 0; row < types.size(); ++row)
        if (types[row] == type) out.set(row, value_of(type, words[next++]));
    return ok();
}

Result<void> read_column(ByteReader& in, std::size_t rows, TextArena& arena, Column& out) {
    HF_TRY(const std::size_t stored_rows, in.u16_be());
    if (stored_rows != rows) return fail(Errc::corrupt, "chunk: not as many rows as said");
    HF_TRY(const auto types, read_types(in, rows));
    out.reset(rows);
    for (const Type type : kTypes) {
        if (type == Type::null) continue;
        HF_TRY(read_values(in, type, types, arena, out));
    }
    if (!in.empty()) return fail(Errc::corrupt, "chunk: bytes behind its end");
    return ok();
}

} // namespace

void encode_column(const Column& column, Bytes& out) {
    assert(column.rows() <= kChunkRowsMax);
    ByteWriter(out).u16_be(static_cast<std::uint16_t>(column.rows()));
    const unsigned present = write_types(column, out);
    for (const Type type : kTypes)
        if (type != Type::null && (present & bit_of(type)) != 0) write_values(column, type, out);
}

Result<void> decode_column(ByteView bytes, std::size_t rows, TextArena& arena, Column& out) {
    ByteReader in(bytes);
    auto read = read_column(in, rows, arena, out);
    if (read) return ok();
    out.reset(0);
    const Errc code =
        read.error().code == Errc::limit_exceeded ? Errc::limit_exceeded : Errc::corrupt;
    return fail(code, std::move(read).error().context);
}

} // namespace holdfast::column
