#include "record/payload_shapes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace holdfast::record {
namespace {

using column::Value;

// Every integer of 15 digits is a double, and so is every power of ten up to 10^22: their quotient
// is rounded once, so it is the double next to the decimal, as the parser gives it (Clinger, "How
// to read floating point numbers accurately", PLDI 1990).
constexpr std::size_t kDecimalDigitsMax = 15;
constexpr std::size_t kIntegerDigitsMax = 18; // all of them are within int64
constexpr std::array<double, kDecimalDigitsMax + 1> kPowers = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Where single values end is told by the text behind them, which the caller compares.
class ValueScanner {
public:
    explicit ValueScanner(std::string_view json) noexcept
        : at_(json.data()), end_(json.data() + json.size()) {}

    [[nodiscard]] bool skip(const char* text, std::size_t size) noexcept {
        if (size > left() || std::memcmp(at_, text, size) != 0) return false;
        at_ += size;
        return true;
    }
    [[nodiscard]] bool is_at_end() const noexcept { return at_ == end_; }

    [[nodiscard]] bool next(column::TextArena& arena, Value& value) {
        if (at_ == end_) return false;
        switch (*at_) {
            case '"': return text(arena, value);
            case 't': value = Value::of_bool(true); return skip("true", 4);
            case 'f': value = Value::of_bool(false); return skip("false", 5);
            case 'n': value = Value(); return skip("null", 4);
            default: return number(value);
        }
    }

private:
    [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

    [[nodiscard]] bool is_at(char c) const noexcept { return at_ != end_ && *at_ == c; }

    // Digits are added to `whole`, which wraps where they are too many; how many there were.
    std::size_t digits(std::uint64_t& whole) noexcept {
        const char* begin = at_;
        for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_)
            whole = whole * 10 + static_cast<std::uint64_t>(*at_ - '0');
        return static_cast<std::size_t>(at_ - begin);
    }

    bool number(Value& value) noexcept {
        const char* begin = at_;
        const bool is_negative = is_at('-');
        if (is_negative) ++at_;
        const bool is_zero_first = is_at('0');
        std::uint64_t digits_read = 0;
        const std::size_t before = digits(digits_read);
        if (before == 0 || (is_zero_first && before > 1)) return false;
        std::size_t places = 0;
        if (is_at('.')) {
            ++at_;
            places = digits(digits_read);
            if (places == 0) return false;
        }
        if (is_at('e') || is_at('E') || (places > 0 && before + places > kDecimalDigitsMax))
            return long_number(begin, value);
        if (places == 0) {
            if (before > kIntegerDigitsMax) return false;
            const auto whole = static_cast<std::int64_t>(digits_read);
            value = Value::of_int(is_negative ? -whole : whole);
            return true;
        }
        const double decimal = static_cast<double>(digits_read) / kPowers[places];
        value = Value::of_float(is_negative ? -decimal : decimal);
        return true;
    }

    // From `begin` on, read up to where an exponent may stand.
    bool long_number(const char* begin, Value& value) noexcept {
        if (is_at('e') || is_at('E')) {
            ++at_;
            if (is_at('-') || is_at('+')) ++at_;
            std::uint64_t exponent = 0;
            if (digits(exponent) == 0) return false;
        }
        double number = 0;
        const auto [end, error] = std::from_chars(begin, at_, number);
        value = Value::of_float(number);
        return error == std::errc() && end == at_;
    }

    bool text(column::TextArena& arena, Value& value) {
        const char* begin = ++at_;
        bool is_ascii = true;
        for (; at_ != end_ && *at_ != '"'; ++at_) {
            const auto byte = static_cast<unsigned char>(*at_);
            if (byte < ' ' || byte == '\\') return false;
            is_ascii = is_ascii && byte < 0x80;
        }
        if (at_ == end_) return false;
        const std::string_view inside(begin, static_cast<std::size_t>(at_ - begin));
        ++at_;
        value = Value::of_text(arena.keep(inside));
        return is_ascii || is_utf8(inside);
    }

    const char* at_;
    const char* end_;
};

bool read_values(const PayloadShape& shape, std::string_view json, column::TextArena& arena,
                 std::vector<Member>& out) {
    ValueScanner in(json);
    const char* glue = shape.glue.data();
    for (std::size_t i = 0; i < shape.paths.size(); ++i) {
        if (!in.skip(glue + shape.begins[i], shape.begins[i + 1] - shape.begins[i])) return false;
        Value value;
        if (!in.next(arena, value)) return false;
        out.push_back({shape.kept_paths[i], value});
    }
    return in.skip(glue + shape.begins.back(), shape.glue.size() - shape.begins.back()) &&
           in.is_at_end();
}

// Behind the string whose first byte behind the quote is at `at`.
std::size_t past_text(std::string_view json, std::size_t at) noexcept {
    for (; at < json.size() && json[at] != '"'; ++at)
        if (json[at] == '\\') ++at;
    return at + 1;
}

// Fills in glue and begins, from a sound document; false where it has other than objects and single
// values, an object that is empty, or one deeper than paths go: those are members as text.
bool take_apart(std::string_view json, PayloadShape& shape) {
    std::size_t depth = 0;
    std::size_t glue_begin = 0;
    bool is_value = false; // what comes next, and not a name
    const auto add_value = [&](std::size_t begin, std::size_t end) {
        shape.begins.push_back(shape.glue.size());
        shape.glue += json.substr(glue_begin, begin - glue_begin);
        glue_begin = end;
        is_value = false;
    };
    char before = 0; // the last that is no space
    for (std::size_t at = 0; at < json.size();) {
        const char c = json[at];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            ++at;
            continue;
        }
        const bool is_empty = c == '}' && before == '{';
        if (c == '[' || is_empty) return false;
        before = c;
        if (c == '{' && ++depth > column::Path::kStepsMax) return false;
        if (c == '}') --depth;
        if (c == '{' || c == '}' || c == ',' || c == ':') {
            is_value = c == ':';
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        if (c == '"')
            end = past_text(json, end);
        else
            while (end < json.size() && std::strchr(" \t\r\n,}", json[end]) == nullptr) ++end;
        if (is_value) add_value(at, end);
        at = end;
    }
    shape.begins.push_back(shape.glue.size());
    shape.glue += json.substr(std::min(glue_begin, json.size()));
    return true;
}

} // namespace

bool PayloadShapes::read(std::string_view json, column::TextArena& arena,
                         std::vector<Member>& out) {
    const std::size_t begin = out.size();
    for (std::size_t tried = 0; tried < shapes_.size(); ++tried, ++last_) {
        if (last_ >= shapes_.size()) last_ = 0;
        PayloadShape& shape = shapes_[last_];
        if (std::exchange(shape.kept_in_batch, batch_) != batch_) {
            shape.kept_paths.clear();
            for (const std::string& path : shape.paths)
                shape.kept_paths.push_back(arena.keep(path));
        }
        if (read_values(shape, json, arena, out)) {
            credit_ = std::min(credit_ + 1, kCreditMax);
            return true;
        }
        out.resize(begin);
    }
    return false;
}

void PayloadShapes::learn(std::string_view json, std::span<const Member> members) {
    // Where no payload looks like another, most of them are not looked at.
    ++misses_;
    if (credit_ <= 0 && misses_ % kMissesPerTrial != 0) return;
    credit_ = std::max(credit_ - 1, 0);
    if (members.empty() || json.size() > kPayloadBytesMax) return;
    PayloadShape shape;
    // A member that comes twice counts once: then there are more values than members.
    if (!take_apart(json, shape) || shape.begins.size() != members.size() + 1) return;
    // Known, so that it was a value that is not read here.
    const auto is_same = [&](const PayloadShape& other) {
        return other.begins == shape.begins && other.glue == shape.glue;
    };
    if (std::ranges::any_of(shapes_, is_same)) return;
    for (const Member& member : members) shape.paths.emplace_back(member.path);
    if (shapes_.size() < kShapesMax) return shapes_.push_back(std::move(shape));
    shapes_[replaced_] = std::move(shape);
    replaced_ = (replaced_ + 1) % kShapesMax;
}

} // namespace holdfast::record
