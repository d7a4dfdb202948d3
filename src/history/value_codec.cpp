#include "history/value_codec.hpp"

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

std::uint8_t tag_of(Type type, unsigned detail) noexcept {
    return static_cast<std::uint8_t>(static_cast<unsigned>(type) | detail << 4U);
}

void write_double(double value, Bytes& out) {
    ByteWriter writer(out);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (unsigned places = 0; places < kPlaces; ++places) {
        const double large = value * kPowers[places];
        if (!(std::abs(large) < kScaledMax)) break; // NaN, too
        const auto scaled = static_cast<std::int64_t>(std::llround(large));
        // To the bit, so -0 does not pass for 0.
        if (std::bit_cast<std::uint64_t>(static_cast<double>(scaled) / kPowers[places]) != bits)
            continue;
        writer.u8(tag_of(Type::float64, places));
        writer.varlong(scaled);
        return;
    }
    writer.u8(tag_of(Type::float64, kRaw));
    writer.u64_be(bits);
}

Result<Value> read_double(ByteReader& in, unsigned detail) {
    if (detail == kRaw) {
        HF_TRY(const std::uint64_t bits, in.u64_be());
        return Value::of_float(std::bit_cast<double>(bits));
    }
    if (detail >= kPlaces) return fail(Errc::malformed, "no such number of decimal places");
    HF_TRY(const std::int64_t scaled, in.varlong());
    return Value::of_float(static_cast<double>(scaled) / kPowers[detail]);
}

Result<Value> read_text(ByteReader& in) {
    HF_TRY(const std::int64_t size, in.varlong());
    if (size < 0) return fail(Errc::malformed, "a text shorter than nothing");
    HF_TRY(const ByteView text, in.take(static_cast<std::size_t>(size)));
    return Value::of_text(as_text(text));
}

} // namespace

void write_value(const Value& value, Bytes& out) {
    ByteWriter writer(out);
    switch (value.type()) {
        case Type::null: writer.u8(tag_of(Type::null, 0)); break;
        case Type::float64: write_double(value.as_float(), out); break;
        case Type::boolean: writer.u8(tag_of(Type::boolean, value.is_true() ? 1 : 0)); break;
        case Type::text:
            writer.u8(tag_of(Type::text, 0));
            writer.varlong(static_cast<std::int64_t>(value.as_text().size()));
            writer.text(value.as_text());
            break;
        case Type::int64:
        case Type::timestamp:
            writer.u8(tag_of(value.type(), 0));
            writer.varlong(value.as_int());
            break;
    }
}

Result<Value> read_value(ByteReader& in) {
    HF_TRY(const unsigned tag, in.u8());
    const unsigned detail = tag >> 4U;
    switch (static_cast<Type>(tag & 0xFU)) {
        case Type::null: return Value();
        case Type::float64: return read_double(in, detail);
        case Type::boolean: return Value::of_bool(detail != 0);
        case Type::text: return read_text(in);
        case Type::int64: {
            HF_TRY(const std::int64_t number, in.varlong());
            return Value::of_int(number);
        }
        case Type::timestamp: {
            HF_TRY(const std::int64_t us, in.varlong());
            return Value::of_timestamp_us(us);
        }
    }
    return fail(Errc::malformed, "no such type of value");
}

} // namespace holdfast::history
