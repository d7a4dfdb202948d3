#include <holdfast/column/chunk_ints.hpp>

#include "column/bit_packing.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

namespace holdfast::column {
namespace {

// The numbers reach the disk.
enum class Form : std::uint8_t { constant = 0, runs = 1, plain = 2, delta = 3, delta_of_delta = 4 };

// Unsigned, because differences wrap around.
using Words = std::vector<std::uint64_t>;

constexpr std::uint64_t word(std::int64_t value) noexcept {
    return static_cast<std::uint64_t>(value);
}
constexpr std::int64_t number(std::uint64_t value) noexcept {
    return static_cast<std::int64_t>(value);
}

// Words from `from` on as distances from the least of them, were they signed.
struct Packed {
    std::int64_t least = 0;
    unsigned width = 0;
};

Packed measure(std::span<const std::uint64_t> words) noexcept {
    if (words.empty()) return {};
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    std::int64_t largest = std::numeric_limits<std::int64_t>::min();
    for (const std::uint64_t value : words) {
        least = std::min(least, number(value));
        largest = std::max(largest, number(value));
    }
    return {least, packed_width(word(largest) - word(least))};
}

// Each word less the one before; the first `order` are kept.
void difference(Words& words, std::size_t order) noexcept {
    for (std::size_t i = words.size(); i-- > order;) words[i] -= words[i - 1];
}

void sum_up(std::span<std::uint64_t> words, std::size_t order) noexcept {
    for (std::size_t i = order; i < words.size(); ++i) words[i] += words[i - 1];
}

// How many words stand in front of the packed ones: one per difference taken.
std::size_t kept_words(Form form) noexcept {
    return form == Form::delta_of_delta ? 2 : form == Form::delta ? 1 : 0;
}

std::size_t runs_of(std::span<const std::int64_t> values) noexcept {
    std::size_t runs = values.empty() ? 0 : 1;
    for (std::size_t i = 1; i < values.size(); ++i) runs += values[i] != values[i - 1] ? 1 : 0;
    return runs;
}

void write_runs(std::span<const std::int64_t> values, Bytes& out) {
    ByteWriter writer(out);
    std::int64_t before = 0;
    for (std::size_t begin = 0; begin < values.size();) {
        std::size_t end = begin + 1;
        while (end < values.size() && values[end] == values[begin]) ++end;
        writer.varlong(number(word(values[begin]) - word(before)));
        writer.varlong(static_cast<std::int64_t>(end - begin));
        before = values[begin];
        begin = end;
    }
}

Result<void> read_runs(ByteReader& in, std::span<std::int64_t> out) {
    std::uint64_t value = 0;
    for (std::size_t begin = 0; begin < out.size();) {
        HF_TRY(const auto step, in.varlong());
        HF_TRY(const auto length, in.varlong());
        if (length <= 0 || word(length) > out.size() - begin)
            return fail(Errc::corrupt, "chunk: a run that is too long");
        value += word(step);
        const auto run = out.subspan(begin, word(length));
        std::fill(run.begin(), run.end(), number(value));
        begin += run.size();
    }
    return ok();
}

void write_packed(Form form, std::span<const std::uint64_t> words, const Packed& packed,
                  Bytes& out) {
    const std::size_t kept = kept_words(form);
    ByteWriter writer(out);
    writer.u8(static_cast<std::uint8_t>(packed.width));
    for (const std::uint64_t first : words.first(kept)) writer.varlong(number(first));
    writer.varlong(packed.least);
    Words distances(words.begin() + static_cast<std::ptrdiff_t>(kept), words.end());
    for (std::uint64_t& value : distances) value -= word(packed.least);
    pack(distances, packed.width, out);
}

Result<void> read_packed(ByteReader& in, Form form, std::span<std::int64_t> out) {
    const std::size_t kept = kept_words(form);
    if (out.size() < kept) return fail(Errc::corrupt, "chunk: too few values for their form");
    HF_TRY(const unsigned width, in.u8());
    if (width > 56 && width != 64) return fail(Errc::corrupt, "chunk: no such bit width");
    // The same memory as signed numbers, which the language allows to be read as unsigned.
    const std::span<std::uint64_t> words(reinterpret_cast<std::uint64_t*>(out.data()), out.size());
    for (std::uint64_t& first : words.first(kept)) {
        HF_TRY(const auto value, in.varlong());
        first = word(value);
    }
    HF_TRY(const auto least, in.varlong());
    const auto packed = words.subspan(kept);
    HF_TRY(const ByteView bytes, in.take(packed_bytes(packed.size(), width)));
    unpack(bytes, width, packed);
    for (std::uint64_t& value : packed) value += word(least);
    for (std::size_t order = kept; order > 0; --order) sum_up(words, order);
    return ok();
}

Result<void> read_constant(ByteReader& in, std::span<std::int64_t> out) {
    HF_TRY(const auto value, in.varlong());
    std::fill(out.begin(), out.end(), value);
    return ok();
}

Result<void> read_form(ByteReader& in, std::span<std::int64_t> out) {
    HF_TRY(const std::uint8_t form, in.u8());
    switch (static_cast<Form>(form)) {
        case Form::constant: return read_constant(in, out);
        case Form::runs: return read_runs(in, out);
        case Form::plain:
        case Form::delta:
        case Form::delta_of_delta: return read_packed(in, static_cast<Form>(form), out);
    }
    return fail(Errc::corrupt, "chunk: no such form of integers");
}

} // namespace

void encode_ints(std::span<const std::int64_t> values, Bytes& out) {
    ByteWriter writer(out);
    const std::size_t runs = runs_of(values);
    if (runs <= 1) {
        writer.u8(static_cast<std::uint8_t>(Form::constant));
        writer.varlong(values.empty() ? 0 : values.front());
        return;
    }
    // Each form costs its width per value; the few bytes in front decide between equals.
    Form best = Form::plain;
    Words words(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) words[i] = word(values[i]);
    Words best_words = words;
    Packed best_packed = measure(words);
    for (const Form form : {Form::delta, Form::delta_of_delta}) {
        const std::size_t kept = kept_words(form);
        if (words.size() <= kept) break;
        difference(words, kept);
        const Packed packed = measure(std::span(words).subspan(kept));
        if (packed.width >= best_packed.width) continue;
        best = form;
        best_words = words;
        best_packed = packed;
    }
    // A run costs at least two bytes: only then is it worth writing them to see.
    const std::size_t packed_size = packed_bytes(values.size(), best_packed.width);
    const std::size_t begin = out.size();
    writer.u8(static_cast<std::uint8_t>(Form::runs));
    if (runs * 2 < packed_size) {
        write_runs(values, out);
        if (out.size() - begin < packed_size) return;
    }
    out.resize(begin);
    writer.u8(static_cast<std::uint8_t>(best));
    write_packed(best, best_words, best_packed, out);
}

Result<void> decode_ints(ByteReader& in, std::span<std::int64_t> out) {
    auto read = read_form(in, out);
    if (!read) return fail(Errc::corrupt, std::move(read).error().context);
    return ok();
}

} // namespace holdfast::column
