#include <holdfast/history/aggregate.hpp>

#include <cmath>

namespace holdfast::history {
namespace {

using column::Type;
using column::Value;

// NaN is no least and no largest.
bool replaces(const Value& value, const Value& held, int sign) noexcept {
    if (value.is_null()) return false;
    if (value.type() == Type::float64 && std::isnan(value.as_float())) return false;
    return held.is_null() || column::compare(value, held) * sign > 0;
}

void add_to_sum(Value& sum, const Value& value) noexcept {
    if (sum.is_null() || value.is_null()) {
        if (sum.is_null()) sum = value;
        return;
    }
    std::int64_t whole = 0;
    const bool is_whole = sum.type() == Type::int64 && value.type() == Type::int64 &&
                          !__builtin_add_overflow(sum.as_int(), value.as_int(), &whole);
    sum = is_whole ? Value::of_int(whole) : Value::of_float(sum.as_float() + value.as_float());
}

// Of two equal ones the earlier stands.
void take_extreme(Value& held, std::int64_t& held_us, const Value& other, std::int64_t other_us,
                  int sign) noexcept {
    const bool is_earlier = !held.is_null() && !other.is_null() && other_us < held_us &&
                            column::compare(other, held) == 0;
    if (!is_earlier && !replaces(other, held, sign)) return;
    held = other;
    held_us = other_us;
}

} // namespace

void FieldStats::add(const Value& value) noexcept {
    if (value.is_null()) return;
    ++count;
    if (!value.is_number()) return;
    ++numbers;
    if (replaces(value, min, -1)) min = value;
    if (replaces(value, max, 1)) max = value;
    add_to_sum(sum, value);
    if (first.is_null()) first = value;
    last = value;
}

Value FieldStats::mean() const noexcept {
    if (numbers == 0) return {};
    return Value::of_float(sum.as_float() / static_cast<double>(numbers));
}

void FieldAggregate::add(std::int64_t ts_us, const Value& value) noexcept {
    if (value.is_number()) {
        if (numbers == 0) first_us = ts_us;
        last_us = ts_us;
        if (replaces(value, min, -1)) min_us = ts_us;
        if (replaces(value, max, 1)) max_us = ts_us;
    }
    FieldStats::add(value);
}

void FieldAggregate::add(const FieldAggregate& other) noexcept {
    count += other.count;
    if (other.numbers == 0) return;
    take_extreme(min, min_us, other.min, other.min_us, -1);
    take_extreme(max, max_us, other.max, other.max_us, 1);
    add_to_sum(sum, other.sum);
    if (numbers == 0 || other.first_us < first_us) {
        first = other.first;
        first_us = other.first_us;
    }
    if (numbers == 0 || other.last_us >= last_us) {
        last = other.last;
        last_us = other.last_us;
    }
    numbers += other.numbers;
}

std::int64_t bucket_of(std::int64_t us, std::int64_t step_us, std::int64_t origin_us) noexcept {
    const std::int64_t phase = origin_us % step_us;
    const std::int64_t over = (us - phase) % step_us;
    return us - (over < 0 ? over + step_us : over);
}

} // namespace holdfast::history
