#include "sql/cast.hpp"

#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>

#include <charconv>
#include <cmath>
#include <optional>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;

constexpr double kInt64End = 9223372036854775808.0;

template <class T>
std::optional<T> whole_text(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return std::nullopt;
    text = text.substr(first, text.find_last_not_of(' ') - first + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    T out{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, out);
    if (error != std::errc() || stop != end) return std::nullopt;
    return out;
}

// To the nearest, halves to even, as DuckDB does it.
Value rounded(double value) noexcept {
    const double whole = std::nearbyint(value);
    if (!(whole >= -kInt64End && whole < kInt64End)) return {};
    return Value::of_int(static_cast<std::int64_t>(whole));
}

Value to_int(const Value& value) noexcept {
    switch (value.type()) {
        case Type::float64: return rounded(value.as_float());
        case Type::boolean: return Value::of_int(value.as_int());
        case Type::text: {
            if (const auto whole = whole_text<std::int64_t>(value.as_text()))
                return Value::of_int(*whole);
            const auto real = whole_text<double>(value.as_text());
            return real ? rounded(*real) : Value();
        }
        default: return {};
    }
}

Value to_float(const Value& value) noexcept {
    switch (value.type()) {
        case Type::int64: return Value::of_float(value.as_float());
        case Type::boolean: return Value::of_float(value.as_float());
        case Type::text: {
            const auto real = whole_text<double>(value.as_text());
            return real && std::isfinite(*real) ? Value::of_float(*real) : Value();
        }
        default: return {};
    }
}

Value to_bool(const Value& value) {
    if (value.is_number()) return Value::of_bool(value.as_float() != 0);
    if (value.type() != Type::text) return {};
    const std::string text = lower_case(value.as_text());
    if (text == "true" || text == "t" || text == "1") return Value::of_bool(true);
    if (text == "false" || text == "f" || text == "0") return Value::of_bool(false);
    return {};
}

} // namespace

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

Value cast_value(const Value& value, Type to, Evaluation& evaluation) {
    if (value.is_null() || value.type() == to) return value;
    Value out;
    switch (to) {
        case Type::int64: out = to_int(value); break;
        case Type::float64: out = to_float(value); break;
        case Type::boolean: out = to_bool(value); break;
        case Type::text: return Value::of_text(evaluation.arena.keep(column::to_text(value)));
        case Type::timestamp:
            if (value.type() == Type::text)
                if (const auto us = column::parse_timestamp(value.as_text()))
                    out = Value::of_timestamp_us(*us);
            break;
        case Type::null: break;
    }
    if (out.is_null()) ++evaluation.mismatches;
    return out;
}

} // namespace holdfast::sql
