#include <holdfast/column/chunk_doubles.hpp>

#include <holdfast/column/chunk_ints.hpp>

#include "column/zstd_block.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <vector>

namespace holdfast::column {
namespace {

// The numbers reach the disk.
enum class Form : std::uint8_t { decimal = 0, by_place = 1 };

constexpr std::size_t kExponents = 16;
constexpr std::array<double, kExponents> kPowers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr double kExactMax = 9007199254740992.0; // 2^53: every integer up to here is a double
constexpr std::size_t kSamples = 64;
constexpr std::size_t kWordBytes = 8;

// Whether `bits` is scaled / 10^exponent, and scaled then.
bool scale(std::int64_t bits, std::size_t exponent, std::int64_t& scaled) noexcept {
    const auto value = std::bit_cast<double>(bits);
    const double large = value * kPowers[exponent];
    if (!(std::abs(large) <= kExactMax)) return false; // NaN, too
    double whole = large;
    if (std::abs(large) < 0x1p51) {
        // Adding and taking away 1.5 * 2^52 rounds to an integer.
        constexpr double kRound = 6755399441055744.0;
        whole = large + kRound - kRound;
        // Where value is the double next to whole / 10^exponent, `large` is whole with two
        // roundings, each by 2^-53 of it at most. What is further away is told without a division.
        if (std::abs(large - whole) > std::abs(large) * 0x1p-51) return false;
    } else if (whole != std::trunc(whole)) {
        return false;
    }
    scaled = static_cast<std::int64_t>(whole);
    return std::bit_cast<std::int64_t>(static_cast<double>(scaled) / kPowers[exponent]) == bits;
}

// The exponent that costs the sampled values least, or kExponents where half of them are no
// decimals.
std::size_t choose_exponent(std::span<const std::int64_t> bits) noexcept {
    const std::size_t step = std::max<std::size_t>(1, bits.size() / kSamples);
    std::array<std::size_t, kExponents> first_at{}; // samples by the least exponent that holds them
    std::size_t samples = 0;
    for (std::size_t i = 0; i < bits.size(); i += step, ++samples) {
        std::int64_t scaled = 0;
        for (std::size_t exponent = 0; exponent < kExponents; ++exponent) {
            if (!scale(bits[i], exponent, scaled)) continue;
            ++first_at[exponent];
            break;
        }
    }
    std::size_t best = kExponents;
    double best_cost = 0;
    std::size_t held = 0;
    for (std::size_t exponent = 0; exponent < kExponents; ++exponent) {
        held += first_at[exponent];
        if (held * 2 < samples) continue;
        // An exception costs ten bytes, a decimal place log2(10) bits for every value.
        const double cost = static_cast<double>(samples - held) * 80 +
                            static_cast<double>(samples * exponent) * 3.33;
        if (best != kExponents && cost >= best_cost) continue;
        best = exponent;
        best_cost = cost;
    }
    return best;
}

void write_decimal(std::span<const std::int64_t> bits, std::size_t exponent, Bytes& out) {
    std::vector<std::int64_t> scaled(bits.size());
    std::vector<std::int64_t> places;
    std::int64_t before = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (!scale(bits[i], exponent, scaled[i])) {
            places.push_back(static_cast<std::int64_t>(i));
            scaled[i] = before; // disturbs the form of its neighbours least
        }
        before = scaled[i];
    }
    ByteWriter writer(out);
    writer.u8(static_cast<std::uint8_t>(Form::decimal));
    writer.u8(static_cast<std::uint8_t>(exponent));
    writer.varlong(static_cast<std::int64_t>(places.size()));
    if (!places.empty()) encode_ints(places, out);
    for (const std::int64_t place : places)
        writer.u64_be(static_cast<std::uint64_t>(bits[static_cast<std::size_t>(place)]));
    encode_ints(scaled, out);
}

// The first byte of every value, then the second of every value: neighbours look alike.
void write_by_place(std::span<const std::int64_t> bits, Bytes& out) {
    ByteWriter(out).u8(static_cast<std::uint8_t>(Form::by_place));
    Bytes raw(bits.size() * kWordBytes);
    for (std::size_t i = 0; i < bits.size(); ++i)
        for (std::size_t place = 0; place < kWordBytes; ++place)
            raw[place * bits.size() + i] =
                static_cast<std::byte>(static_cast<std::uint64_t>(bits[i]) >> (place * 8));
    write_block(raw, out);
}

Result<void> read_decimal(ByteReader& in, std::span<std::int64_t> bits) {
    HF_TRY(const std::size_t exponent, in.u8());
    if (exponent >= kExponents) return fail(Errc::corrupt, "chunk: no such power of ten");
    HF_TRY(const auto count, in.varlong());
    if (count < 0 || static_cast<std::size_t>(count) > bits.size())
        return fail(Errc::corrupt, "chunk: more exceptions than values");
    std::vector<std::int64_t> places(static_cast<std::size_t>(count));
    if (!places.empty()) {
        HF_TRY(decode_ints(in, places));
    }
    for (const std::int64_t place : places)
        if (place < 0 || static_cast<std::size_t>(place) >= bits.size())
            return fail(Errc::corrupt, "chunk: an exception out of place");
    HF_TRY(const ByteView exceptions, in.take(places.size() * kWordBytes));
    HF_TRY(decode_ints(in, bits));
    const double power = kPowers[exponent];
    for (std::int64_t& value : bits)
        value = std::bit_cast<std::int64_t>(static_cast<double>(value) / power);
    for (std::size_t i = 0; i < places.size(); ++i)
        bits[static_cast<std::size_t>(places[i])] =
            static_cast<std::int64_t>(load_u64_be(exceptions.data() + i * kWordBytes));
    return ok();
}

Result<void> read_by_place(ByteReader& in, std::span<std::int64_t> bits) {
    HF_TRY(const Bytes raw, read_block(in, bits.size() * kWordBytes));
    if (raw.size() != bits.size() * kWordBytes)
        return fail(Errc::corrupt, "chunk: not as many doubles as said");
    for (std::size_t i = 0; i < bits.size(); ++i) {
        std::uint64_t word = 0;
        for (std::size_t place = 0; place < kWordBytes; ++place)
            word |= std::to_integer<std::uint64_t>(raw[place * bits.size() + i]) << (place * 8);
        bits[i] = static_cast<std::int64_t>(word);
    }
    return ok();
}

Result<void> read_form(ByteReader& in, std::span<std::int64_t> bits) {
    HF_TRY(const std::uint8_t form, in.u8());
    switch (static_cast<Form>(form)) {
        case Form::decimal: return read_decimal(in, bits);
        case Form::by_place: return read_by_place(in, bits);
    }
    return fail(Errc::corrupt, "chunk: no such form of doubles");
}

} // namespace

void encode_doubles(std::span<const std::int64_t> bits, Bytes& out) {
    const std::size_t begin = out.size();
    const std::size_t exponent = choose_exponent(bits);
    if (exponent < kExponents) {
        write_decimal(bits, exponent, out);
        // Long fractions come out at half their size or better only by chance: see the other form.
        if (out.size() - begin < bits.size() * kWordBytes / 2) return;
    }
    Bytes other;
    write_by_place(bits, other);
    if (exponent < kExponents && out.size() - begin <= other.size()) return;
    out.resize(begin);
    out.insert(out.end(), other.begin(), other.end());
}

Result<void> decode_doubles(ByteReader& in, std::span<std::int64_t> bits) {
    auto read = read_form(in, bits);
    if (!read) return fail(Errc::corrupt, std::move(read).error().context);
    return ok();
}

} // namespace holdfast::column
