#include <holdfast/sql/function.hpp>

#include <holdfast/column/json_text.hpp>
#include <holdfast/column/timestamp.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace holdfast::sql {
namespace {

using column::Type;
using column::Value;
using Args = Function::Arguments;

Value mismatch(Evaluation& evaluation) {
    ++evaluation.mismatches;
    return {};
}

Value finite(double value, Evaluation& evaluation) {
    return std::isfinite(value) ? Value::of_float(value) : mismatch(evaluation);
}

// Text that a function made, kept within its bound.
Value made_text(std::string_view text, Evaluation& evaluation) {
    if (text.size() > kTextBytesMax) return mismatch(evaluation);
    return Value::of_text(evaluation.arena.keep(text));
}

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
template <std::string (*F)(std::string_view)>
Value text1(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text) return mismatch(evaluation);
    return made_text(F(args[0].as_text()), evaluation);
}
template <bool (*F)(std::string_view, std::string_view)>
Value text_test(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::text) return mismatch(evaluation);
    return Value::of_bool(F(args[0].as_text(), args[1].as_text()));
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

// Characters, not bytes: a continuation byte starts none.
bool starts_character(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
}
Value length_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text) return mismatch(evaluation);
    const auto text = args[0].as_text();
    return Value::of_int(std::count_if(text.begin(), text.end(), starts_character));
}
// Byte position of character `index`, or the end.
std::size_t byte_of(std::string_view text, std::int64_t index) noexcept {
    for (std::size_t at = 0; at < text.size(); ++at)
        if (starts_character(text[at]) && index-- == 0) return at;
    return text.size();
}
Value substr_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::int64 ||
        (args.size() == 3 && args[2].type() != Type::int64))
        return mismatch(evaluation);
    const auto text = args[0].as_text();
    const std::int64_t characters = std::count_if(text.begin(), text.end(), starts_character);
    std::int64_t first = std::clamp(args[1].as_int(), -characters - 1, characters + 1);
    first = first < 0 ? characters + first : first - 1; // from 1; negative from the end
    std::int64_t count = characters;
    if (args.size() == 3) count = std::clamp<std::int64_t>(args[2].as_int(), 0, characters + 1);
    const std::int64_t last = std::clamp<std::int64_t>(first + count, 0, characters);
    first = std::clamp<std::int64_t>(first, 0, characters);
    if (last <= first) return Value::of_text({});
    const std::size_t begin = byte_of(text, first);
    return Value::of_text(text.substr(begin, byte_of(text, last) - begin));
}

std::string lower_of(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}
std::string upper_of(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}
std::string trim_of(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}
bool starts(std::string_view text, std::string_view part) {
    return text.starts_with(part);
}
bool ends(std::string_view text, std::string_view part) {
    return text.ends_with(part);
}
bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}
Value replace_of(Args args, Evaluation& evaluation) {
    for (const Value& each : args)
        if (each.type() != Type::text) return mismatch(evaluation);
    std::string_view rest = args[0].as_text();
    const auto from = args[1].as_text();
    if (from.empty()) return args[0];
    std::string out;
    for (std::size_t at = rest.find(from); at != std::string_view::npos; at = rest.find(from)) {
        out.append(rest.substr(0, at)).append(args[2].as_text());
        rest.remove_prefix(at + from.size());
        if (out.size() > kTextBytesMax) return mismatch(evaluation);
    }
    return made_text(out.append(rest), evaluation);
}
Value concat_of(Args args, Evaluation& evaluation) {
    std::string out;
    for (const Value& each : args) {
        out += column::to_text(each);
        if (out.size() > kTextBytesMax) return mismatch(evaluation);
    }
    return made_text(out, evaluation);
}

Value time_bucket_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::int64 || args[0].as_int() <= 0 || args[1].type() != Type::timestamp)
        return mismatch(evaluation);
    const std::int64_t size = args[0].as_int();
    const std::int64_t us = args[1].as_int();
    const std::int64_t into = us % size < 0 ? us % size + size : us % size;
    return Value::of_timestamp_us(us - into);
}
Value epoch_ms_of(Args args, Evaluation& evaluation) {
    if (args[0].type() == Type::timestamp) return Value::of_int(args[0].as_int() / 1000);
    return mismatch(evaluation);
}
Value to_timestamp_of(Args args, Evaluation& evaluation) {
    std::optional<std::int64_t> us;
    if (args[0].type() == Type::timestamp) return args[0];
    if (args[0].type() == Type::text) us = column::parse_timestamp(args[0].as_text());
    if (args[0].type() == Type::int64) us = column::timestamp_from_epoch(args[0].as_int());
    if (args[0].type() == Type::float64) us = column::timestamp_from_epoch(args[0].as_float());
    return us ? Value::of_timestamp_us(*us) : mismatch(evaluation);
}

constexpr std::size_t kMany = 64;
constexpr std::array kFunctions{
    Function{"abs", 1, 1, false, abs_of},
    Function{"acos", 1, 1, false, real1<std::acos>},
    Function{"asin", 1, 1, false, real1<std::asin>},
    Function{"atan", 1, 1, false, real1<std::atan>},
    Function{"atan2", 2, 2, false, real2<std::atan2>},
    Function{"ceil", 1, 1, false, rounding<std::ceil>},
    Function{"coalesce", 1, kMany, true, coalesce},
    Function{"concat", 1, kMany, true, concat_of},
    Function{"contains", 2, 2, false, text_test<contains>},
    Function{"cos", 1, 1, false, real1<std::cos>},
    Function{"degrees", 1, 1, false, real1<to_degrees>},
    Function{"ends_with", 2, 2, false, text_test<ends>},
    Function{"epoch_ms", 1, 1, false, epoch_ms_of},
    Function{"exp", 1, 1, false, real1<std::exp>},
    Function{"floor", 1, 1, false, rounding<std::floor>},
    Function{"greatest", 1, kMany, true, extreme<1>},
    Function{"ifnull", 2, 2, true, coalesce},
    Function{"least", 1, kMany, true, extreme<-1>},
    Function{"length", 1, 1, false, length_of},
    Function{"ln", 1, 1, false, real1<std::log>},
    Function{"log10", 1, 1, false, real1<std::log10>},
    Function{"log2", 1, 1, false, real1<std::log2>},
    Function{"lower", 1, 1, false, text1<lower_of>},
    Function{"nullif", 2, 2, true, nullif},
    Function{"pi", 0, 0, false, pi_of},
    Function{"pow", 2, 2, false, real2<std::pow>},
    Function{"power", 2, 2, false, real2<std::pow>},
    Function{"radians", 1, 1, false, real1<to_radians>},
    Function{"replace", 3, 3, false, replace_of},
    Function{"round", 1, 2, false, round_of},
    Function{"sign", 1, 1, false, sign_of},
    Function{"sin", 1, 1, false, real1<std::sin>},
    Function{"sqrt", 1, 1, false, real1<std::sqrt>},
    Function{"starts_with", 2, 2, false, text_test<starts>},
    Function{"substr", 2, 3, false, substr_of},
    Function{"substring", 2, 3, false, substr_of},
    Function{"tan", 1, 1, false, real1<std::tan>},
    Function{"time_bucket", 2, 2, false, time_bucket_of},
    Function{"to_timestamp", 1, 1, false, to_timestamp_of},
    Function{"trim", 1, 1, false, text1<trim_of>},
    Function{"trunc", 1, 1, false, rounding<std::trunc>},
    Function{"upper", 1, 1, false, text1<upper_of>},
};

// The end of the character that starts at `at`.
std::size_t past_character(std::string_view text, std::size_t at) noexcept {
    do ++at;
    while (at < text.size() && !starts_character(text[at]));
    return at;
}

} // namespace

const Function* find_function(std::string_view name) noexcept {
    const auto* found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                     [name](const Function& each) { return each.name == name; });
    return found == kFunctions.end() ? nullptr : found;
}

std::vector<std::string> function_names() {
    std::vector<std::string> names;
    for (const Function& each : kFunctions) names.emplace_back(each.name);
    return names;
}

bool matches_like(std::string_view text, std::string_view pattern) noexcept {
    std::size_t t = 0;
    std::size_t p = 0;
    std::size_t after_percent = std::string_view::npos; // where to go back to
    std::size_t retry_from = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '%') {
            after_percent = ++p;
            retry_from = t;
        } else if (p < pattern.size() && pattern[p] == '_') {
            t = past_character(text, t);
            ++p;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++t;
            ++p;
        } else if (after_percent != std::string_view::npos) {
            p = after_percent;
            t = retry_from = past_character(text, retry_from);
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '%') ++p;
    return p == pattern.size();
}

} // namespace holdfast::sql
