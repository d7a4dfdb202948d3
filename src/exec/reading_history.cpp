#include "exec/reading_history.hpp"

#include "exec/value_order.hpp"

#include <cmath>

namespace holdfast::exec {

using column::Type;
using column::Value;
using sql::WindowFunction;

Value ReadingHistory::next(WindowFunction function, const Value& value, const Value& time,
                           std::uint64_t& mismatches) {
    const bool is_rate = function == WindowFunction::counter_rate;
    if (value.is_null()) {
        if (function == WindowFunction::latest) return last_;
        return function == WindowFunction::had_changed ? Value::of_bool(false) : Value();
    }
    if (is_rate && (!value.is_number() || time.type() != Type::timestamp)) {
        ++mismatches;
        return {};
    }
    Value result = value; // of latest
    const bool has_changed = last_.is_null() || order_of(last_, value, false, false) != 0;
    if (function == WindowFunction::changed && !has_changed) result = Value();
    if (function == WindowFunction::had_changed) result = Value::of_bool(has_changed);
    if (is_rate) result = rate(value, time, mismatches);
    last_ = value;
    time_ = time;
    return result;
}

// A counter that has become smaller began anew at zero.
Value ReadingHistory::rate(const Value& value, const Value& time, std::uint64_t& mismatches) const {
    if (last_.is_null() || time.as_int() <= time_.as_int()) return {};
    const double seconds =
        (static_cast<double>(time.as_int()) - static_cast<double>(time_.as_int())) / 1e6;
    const double before = last_.as_float();
    const double now = value.as_float();
    const double rate = (now < before ? now : now - before) / seconds;
    if (std::isfinite(rate)) return Value::of_float(rate);
    ++mismatches;
    return {};
}

} // namespace holdfast::exec
