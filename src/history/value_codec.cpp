#include "history/value_codec.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace holdfast::history {
namespace {

using column::Type;
using column::Value;

constexpr unsigned kPlaces = 7; // decimal places 0 to 6
constexpr std::array<double, kPlaces> kPowers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
constexpr unsigned kRaw = 15;
constexpr double kScaledMax = 1e12; // six bytes: more would save little

constexpr std::byte tag_of(Type type, unsigned detail = 0) noexcept {
    return static_cast<std::byte>(static_cast<unsigned>(type) | detail << 4U);
}

// Whether `value` is scaled / 10^places to the bit, so that -0 does not pass for 0.
bool scale(double value, unsigned places, std::int64_t& scaled) noexcept {
    const double large = value * kPowers[places];
    if (!(std::abs(large) < kScaledMax)) return false; // NaN, too
    // Adding and taking away 1.5 * 2^52 rounds to an integer.
    constexpr double kRound = 6755399441055744.0;
    const double whole = large + kRound - kRound;
    // Where value is the double next to whole / 10^places, `large` is whole with two roundings,
    // each by 2^-53 of it at most. What is further away is told without a division.
    constexpr double kTwoRoundings = 0x1p-51;
    if (std::abs(large - whole) > std::abs(large) * kTwoRoundings) return false;
    scaled = static_cast<std::int64_t>(whole);
    return std::bit_cast<std::uint64_t>(static_cast<double>(scaled) / kPowers[places]) ==
           std::bit_cast<std::uint64_t>(value);
}

std::byte* put_double(double value, std::byte* to) noexcept {
    for (unsigned places = 0; places < kPlaces; ++places) {
        std::int64_t scaled = 0;
        if (!scale(value, places, scaled)) continue;
        *to++ = tag_of(Type::float64, places);
        return put_varlong(scaled, to);
    }
    *to++ = tag_of(Type::float64, kRaw);
    store_u64_be(to, std::bit_cast<std::uint64_t>(value));
    return to + 8;
}

} // namespace

std::size_t value_bytes_max(const Value& value) noexcept {
    return 1 + kVarlongBytesMax + (value.type() == Type::text ? value.as_text().size() : 0);
}

std::byte* put_varlong(std::int64_t value, std::byte* to) noexcept {
    auto zigzag = static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
    for (; zigzag >= 0x80; zigzag >>= 7U) *to++ = static_cast<std::byte>(zigzag | 0x80U);
    *to++ = static_cast<std::byte>(zigzag);
    return to;
}

std::byte* put_value(const Value& value, std::byte* to) noexcept {
    switch (value.type()) {
        case Type::null: *to++ = tag_of(Type::null); return to;
        case Type::float64: return put_double(value.as_float(), to);
        case Type::boolean: *to++ = tag_of(Type::boolean, value.is_true() ? 1 : 0); return to;
        case Type::text: {
            const ByteView text = as_bytes(value.as_text());
            *to++ = tag_of(Type::text);
            to = put_varlong(static_cast<std::int64_t>(text.size()), to);
            return std::copy(text.begin(), text.end(), to);
        }
        case Type::int64:
        case Type::timestamp: break;
    }
    *to++ = tag_of(value.type());
    return put_varlong(value.as_int(), to);
}

void write_value(const Value& value, Bytes& out) {
    const std::size_t begin = out.size();
    out.resize(begin + value_bytes_max(value));
    const std::byte* end = put_value(value, out.data() + begin);
    out.resize(static_cast<std::size_t>(end - out.data()));
}

bool ValueReader::varlong(std::int64_t& value) noexcept {
    std::uint64_t zigzag = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
        const auto byte = std::to_integer<std::uint64_t>(*at_++);
        if (shift == 63 && byte > 1) return false; // bits past the 64th
        zigzag |= (byte & 0x7FU) << shift;
        if (byte >= 0x80) continue;
        value = static_cast<std::int64_t>(zigzag >> 1U) ^ -static_cast<std::int64_t>(zigzag & 1U);
        return true;
    }
    return false;
}

bool ValueReader::next_double(unsigned detail, Value& value) noexcept {
    if (detail == kRaw) {
        if (left() < 8) return false;
        value = Value::of_float(std::bit_cast<double>(load_u64_be(at_)));
        at_ += 8;
        return true;
    }
    std::int64_t scaled = 0;
    if (detail >= kPlaces || !varlong(scaled)) return false;
    value = Value::of_float(static_cast<double>(scaled) / kPowers[detail]);
    return true;
}

bool ValueReader::next(Value& value) noexcept {
    if (at_ == end_) return false;
    const auto tag = std::to_integer<unsigned>(*at_++);
    const unsigned detail = tag >> 4U;
    std::int64_t number = 0;
    switch (static_cast<Type>(tag & 0xFU)) {
        case Type::null: value = Value(); return true;
        case Type::float64: return next_double(detail, value);
        case Type::boolean: value = Value::of_bool(detail != 0); return true;
        case Type::int64:
            if (!varlong(number)) return false;
            value = Value::of_int(number);
            return true;
        case Type::timestamp:
            if (!varlong(number)) return false;
            value = Value::of_timestamp_us(number);
            return true;
        case Type::text:
            if (!varlong(number) || number < 0 || static_cast<std::size_t>(number) > left())
                return false;
            value = Value::of_text(as_text({at_, static_cast<std::size_t>(number)}));
            at_ += number;
            return true;
    }
    return false;
}

Result<Value> read_value(ByteReader& in) {
    ValueReader reader(in.rest());
    Value value;
    if (!reader.next(value)) return fail(Errc::malformed, "bytes that are no value");
    HF_TRY(in.take(in.remaining() - reader.left()));
    return value;
}

} // namespace holdfast::history
