#include <holdfast/column/value.hpp>

#include <cmath>

namespace holdfast::column {
namespace {

int sign(auto left, auto right) noexcept {
    return left < right ? -1 : (right < left ? 1 : 0);
}

// Without rounding the integer to a double, which would make 2^53 + 1 equal to 2^53.
int compare_mixed(std::int64_t whole, double real) noexcept {
    if (std::isnan(real)) return 0; // as between doubles: neither less nor greater
    if (real >= 9223372036854775808.0) return -1;
    if (real < -9223372036854775808.0) return 1;
    const auto truncated = static_cast<std::int64_t>(real);
    if (whole != truncated) return whole < truncated ? -1 : 1;
    return sign(0.0, real - static_cast<double>(truncated));
}

} // namespace

std::string_view to_string(Type type) noexcept {
    switch (type) {
        case Type::null: return "NULL";
        case Type::int64: return "BIGINT";
        case Type::float64: return "DOUBLE";
        case Type::boolean: return "BOOLEAN";
        case Type::text: return "TEXT";
        case Type::timestamp: return "TIMESTAMP";
    }
    return "?";
}

bool comparable(const Value& left, const Value& right) noexcept {
    if (left.is_null() || right.is_null()) return false;
    return left.type() == right.type() || (left.is_number() && right.is_number());
}

int compare(const Value& left, const Value& right) noexcept {
    assert(comparable(left, right));
    if (left.type() == Type::text) return sign(left.as_text().compare(right.as_text()), 0);
    if (left.type() == Type::float64 && right.type() == Type::float64)
        return sign(left.as_float(), right.as_float());
    if (left.type() == Type::float64) return -compare_mixed(right.as_int(), left.as_float());
    if (right.type() == Type::float64) return compare_mixed(left.as_int(), right.as_float());
    return sign(left.as_int(), right.as_int());
}

} // namespace holdfast::column
