#include "sql/function_groups.hpp"

#include <holdfast/column/kernels.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;
using Args = Function::Arguments;

template <double (*F)(double)>
Value real1(Args args, Evaluation& evaluation) {
    if (!args[0].is_number()) return mismatch(evaluation);
    return finite(F(args[0].as_float()), evaluation);
}
template <double (*F)(double, double)>
Value real2(Args args, Evaluation& evaluation) {
    if (!args[0].is_number() || !args[1].is_number()) return mismatch(evaluation);
    return finite(F(args[0].as_float(), args[1].as_float()), evaluation);
}
// Rounding leaves int64 as it is.
template <double (*F)(double)>
Value rounding(Args args, Evaluation& evaluation) {
    return args[0].type() == Type::int64 ? args[0] : real1<F>(args, evaluation);
}
Value abs_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::int64) return real1<std::fabs>(args, evaluation);
    if (args[0].as_int() == INT64_MIN) return mismatch(evaluation);
    return Value::of_int(std::abs(args[0].as_int()));
}
Value sign_of(Args args, Evaluation& evaluation) {
    if (!args[0].is_number()) return mismatch(evaluation);
    const double value = args[0].as_float();
    return Value::of_int(value < 0 ? -1 : (value > 0 ? 1 : 0));
}
Value round_of(Args args, Evaluation& evaluation) {
    if (args.size() == 1) return rounding<std::round>(args, evaluation);
    if (!args[0].is_number() || args[1].type() != Type::int64) return mismatch(evaluation);
    const auto digits = static_cast<double>(std::clamp<std::int64_t>(args[1].as_int(), -18, 18));
    const double scale = std::pow(10.0, digits);
    return finite(std::round(args[0].as_float() * scale) / scale, evaluation);
}
Value pi_of(Args, Evaluation&) {
    return Value::of_float(std::numbers::pi);
}
double to_radians(double degrees) {
    return degrees * std::numbers::pi / 180;
}
double to_degrees(double radians) {
    return radians * 180 / std::numbers::pi;
}

// The least or greatest of those that are not NULL; all must compare.
template <int Sign>
Value extreme(Args args, Evaluation& evaluation) {
    Value best;
    for (const Value& each : args) {
        if (each.is_null()) continue;
        if (!best.is_null() && !column::comparable(best, each)) return mismatch(evaluation);
        if (best.is_null() || column::compare(each, best) == Sign) best = each;
    }
    return best;
}
Value coalesce(Args args, Evaluation&) {
    const auto found =
        std::find_if(args.begin(), args.end(), [](const Value& each) { return !each.is_null(); });
    return found == args.end() ? Value() : *found;
}
Value nullif(Args args, Evaluation& evaluation) {
    if (args[0].is_null() || args[1].is_null()) return args[0];
    if (!column::comparable(args[0], args[1])) return mismatch(evaluation);
    return column::compare(args[0], args[1]) == 0 ? Value() : args[0];
}

Value if_of(Args args, Evaluation& evaluation) {
    if (!args[0].is_null() && args[0].type() != Type::boolean) return mismatch(evaluation);
    return args[0].is_true() ? args[1] : args[2];
}
// log(x) is that to the base of 10, log(b, x) that to b.
Value log_of(Args args, Evaluation& evaluation) {
    for (const Value& each : args)
        if (!each.is_number()) return mismatch(evaluation);
    if (args.size() == 1) return finite(std::log10(args[0].as_float()), evaluation);
    return finite(std::log(args[1].as_float()) / std::log(args[0].as_float()), evaluation);
}
Value mod_of(Args args, Evaluation& evaluation) {
    return column::arithmetic(column::Arithmetic::modulo, args[0], args[1], evaluation.mismatches);
}
Value typeof_of(Args args, Evaluation&) {
    return Value::of_text(column::to_string(args[0].type()));
}

constexpr std::array kFunctions{
    Function{"abs", 1, 1, false, abs_of},
    Function{"acos", 1, 1, false, real1<std::acos>},
    Function{"asin", 1, 1, false, real1<std::asin>},
    Function{"atan", 1, 1, false, real1<std::atan>},
    Function{"atan2", 2, 2, false, real2<std::atan2>},
    Function{"cbrt", 1, 1, false, real1<std::cbrt>},
    Function{"ceil", 1, 1, false, rounding<std::ceil>},
    Function{"coalesce", 1, kManyArguments, true, coalesce},
    Function{"cos", 1, 1, false, real1<std::cos>},
    Function{"cosh", 1, 1, false, real1<std::cosh>},
    Function{"degrees", 1, 1, false, real1<to_degrees>},
    Function{"exp", 1, 1, false, real1<std::exp>},
    Function{"floor", 1, 1, false, rounding<std::floor>},
    Function{"greatest", 1, kManyArguments, true, extreme<1>},
    Function{"if", 3, 3, true, if_of},
    Function{"ifnull", 2, 2, true, coalesce},
    Function{"least", 1, kManyArguments, true, extreme<-1>},
    Function{"ln", 1, 1, false, real1<std::log>},
    Function{"log", 1, 2, false, log_of},
    Function{"log10", 1, 1, false, real1<std::log10>},
    Function{"log2", 1, 1, false, real1<std::log2>},
    Function{"mod", 2, 2, false, mod_of},
    Function{"nullif", 2, 2, true, nullif},
    Function{"pi", 0, 0, false, pi_of},
    Function{"pow", 2, 2, false, real2<std::pow>},
    Function{"power", 2, 2, false, real2<std::pow>},
    Function{"radians", 1, 1, false, real1<to_radians>},
    Function{"round", 1, 2, false, round_of},
    Function{"sign", 1, 1, false, sign_of},
    Function{"sin", 1, 1, false, real1<std::sin>},
    Function{"sinh", 1, 1, false, real1<std::sinh>},
    Function{"sqrt", 1, 1, false, real1<std::sqrt>},
    Function{"tan", 1, 1, false, real1<std::tan>},
    Function{"tanh", 1, 1, false, real1<std::tanh>},
    Function{"trunc", 1, 1, false, rounding<std::trunc>},
    Function{"typeof", 1, 1, true, typeof_of},
};

} // namespace

std::span<const Function> math_functions() noexcept {
    return kFunctions;
}

} // namespace holdfast::sql
