#include <holdfast/column/kernels.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

namespace holdfast::column {
namespace {

constexpr std::int64_t kIntMin = std::numeric_limits<std::int64_t>::min();

std::optional<std::int64_t> whole(Arithmetic op, std::int64_t left, std::int64_t right) noexcept {
    std::int64_t out = 0;
    bool overflow = false;
    switch (op) {
        case Arithmetic::add: overflow = __builtin_add_overflow(left, right, &out); break;
        case Arithmetic::subtract: overflow = __builtin_sub_overflow(left, right, &out); break;
        case Arithmetic::multiply: overflow = __builtin_mul_overflow(left, right, &out); break;
        case Arithmetic::div:
            if (right == 0 || (left == kIntMin && right == -1)) return std::nullopt;
            return left / right;
        case Arithmetic::modulo:
            if (right == 0) return std::nullopt;
            return right == -1 ? 0 : left % right;
        case Arithmetic::divide: return std::nullopt; // a double: the caller's business
    }
    if (overflow) return std::nullopt;
    return out;
}

// Not finite where there is no result.
double real(Arithmetic op, double left, double right) noexcept {
    switch (op) {
        case Arithmetic::add: return left + right;
        case Arithmetic::subtract: return left - right;
        case Arithmetic::multiply: return left * right;
        case Arithmetic::divide: return left / right; // x/0 is not finite
        case Arithmetic::div: return std::trunc(left / right);
        case Arithmetic::modulo: return std::fmod(left, right);
    }
    return std::numeric_limits<double>::quiet_NaN();
}

std::optional<Value> with_timestamp(Arithmetic op, const Value& left, const Value& right) noexcept {
    const bool is_sum = op == Arithmetic::add || op == Arithmetic::subtract;
    const bool left_is_time = left.type() == Type::timestamp;
    const bool right_is_time = right.type() == Type::timestamp;
    if (!is_sum || (left_is_time && right_is_time && op == Arithmetic::add)) return std::nullopt;
    if (!left_is_time && (op == Arithmetic::subtract || left.type() != Type::int64))
        return std::nullopt;
    if (!right_is_time && right.type() != Type::int64) return std::nullopt;
    const auto out = whole(op, left.as_int(), right.as_int());
    if (!out) return std::nullopt;
    return left_is_time && right_is_time ? Value::of_int(*out) : Value::of_timestamp_us(*out);
}

bool holds(Comparison op, int order) noexcept {
    switch (op) {
        case Comparison::equal: return order == 0;
        case Comparison::not_equal: return order != 0;
        case Comparison::less: return order < 0;
        case Comparison::less_equal: return order <= 0;
        case Comparison::greater: return order > 0;
        case Comparison::greater_equal: return order >= 0;
    }
    return false;
}

double real_at(const Column& column, std::size_t row) noexcept {
    return std::bit_cast<double>(column.words()[row]);
}

bool both(const Column& left, const Column& right, Type type) noexcept {
    return left.uniform_type() == type && right.uniform_type() == type;
}

} // namespace

Value arithmetic(Arithmetic op, const Value& left, const Value& right,
                 std::uint64_t& mismatches) noexcept {
    if (left.is_null() || right.is_null()) return {};
    if (left.type() == Type::int64 && right.type() == Type::int64 && op != Arithmetic::divide) {
        if (const auto out = whole(op, left.as_int(), right.as_int())) return Value::of_int(*out);
    } else if (left.is_number() && right.is_number()) {
        const double out = real(op, left.as_float(), right.as_float());
        if (std::isfinite(out)) return Value::of_float(out);
    } else if (left.type() == Type::timestamp || right.type() == Type::timestamp) {
        if (const auto out = with_timestamp(op, left, right)) return *out;
    }
    ++mismatches;
    return {};
}

void arithmetic(Arithmetic op, const Column& left, const Column& right, Column& out,
                std::uint64_t& mismatches) {
    const std::size_t rows = left.rows();
    if (both(left, right, Type::float64)) {
        std::int64_t* words = out.fill(Type::float64, rows);
        bool finite = true;
        for (std::size_t row = 0; row < rows; ++row) {
            const double result = real(op, real_at(left, row), real_at(right, row));
            finite &= std::isfinite(result);
            words[row] = std::bit_cast<std::int64_t>(result);
        }
        if (finite) return;
    }
    out.reset(rows);
    for (std::size_t row = 0; row < rows; ++row)
        out.set(row, arithmetic(op, left.at(row), right.at(row), mismatches));
}

void compare(Comparison op, const Column& left, const Column& right, Column& out,
             std::uint64_t& mismatches) {
    const std::size_t rows = left.rows();
    if (both(left, right, Type::float64)) {
        std::int64_t* words = out.fill(Type::boolean, rows);
        for (std::size_t row = 0; row < rows; ++row) {
            const double a = real_at(left, row);
            const double b = real_at(right, row);
            words[row] = holds(op, a < b ? -1 : (b < a ? 1 : 0)) ? 1 : 0;
        }
        return;
    }
    out.reset(rows);
    for (std::size_t row = 0; row < rows; ++row) {
        const Value a = left.at(row);
        const Value b = right.at(row);
        if (a.is_null() || b.is_null()) continue;
        if (comparable(a, b)) {
            out.set(row, Value::of_bool(holds(op, column::compare(a, b))));
        } else {
            ++mismatches;
        }
    }
}

} // namespace holdfast::column
