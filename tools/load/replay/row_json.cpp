#include <load/replay/row_json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>

namespace holdfast::load {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes exactly `digits` digits from the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (!is_digit(text[i])) return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> take_date_ms(std::string_view& text) {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    const std::chrono::milliseconds since_epoch = std::chrono::sys_days(date).time_since_epoch();
    return since_epoch.count();
}

std::optional<std::int64_t> take_clock_ms(std::string_view& text) {
    const auto hour = take_digits(text, 2);
    if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
    const auto second = take_digits(text, 2);
    if (!second || *second > 60) return std::nullopt;
    std::int64_t ms = ((*hour * 60 + *minute) * 60 + *second) * 1000;
    if (!take(text, '.')) return ms;
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    for (std::int64_t unit = 100; !text.empty() && is_digit(text.front()); unit /= 10) {
        ms += (text.front() - '0') * unit; // below milliseconds the unit is 0
        text.remove_prefix(1);
    }
    return ms;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

} // namespace

std::optional<std::int64_t> parse_time_ms(std::string_view text) noexcept {
    if (is_json_number(text)) {
        double number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        constexpr double kSecondsBelow = 1e11;
        if (std::abs(number) > 1e15) return std::nullopt;
        return std::llround(std::abs(number) < kSecondsBelow ? number * 1000 : number);
    }
    const auto date_ms = take_date_ms(text);
    if (!date_ms || text.empty()) return date_ms;
    if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
    const auto clock_ms = take_clock_ms(text);
    take(text, 'Z');
    if (!clock_ms || !text.empty()) return std::nullopt;
    return *date_ms + *clock_ms;
}

bool is_json_number(std::string_view text) noexcept {
    const auto digits = [&text] {
        const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
        const auto count = static_cast<std::size_t>(end - text.begin());
        text.remove_prefix(count);
        return count;
    };
    take(text, '-');
    const bool leading_zero = !text.empty() && text.front() == '0';
    const std::size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) return false;
    if (take(text, '.') && digits() == 0) return false;
    if (take(text, 'e') || take(text, 'E')) {
        if (!take(text, '+')) take(text, '-');
        if (digits() == 0) return false;
    }
    return text.empty();
}

std::string row_to_json(const std::vector<std::string>& columns,
                        const std::vector<std::string>& row, std::size_t time_column,
                        std::int64_t ts_ms, std::string_view device) {
    std::string json = "{";
    const auto add = [&json](std::string_view name, std::string_view value) {
        if (json.size() > 1) json += ',';
        json += quoted(name);
        json += ':';
        json += value;
    };
    const bool timed = time_column < columns.size();
    if (timed) add("ts", std::to_string(ts_ms));
    if (!device.empty()) add("device", quoted(device));
    for (std::size_t i = 0; i < columns.size() && i < row.size(); ++i) {
        if (i == time_column || row[i].empty()) continue;
        add(columns[i], is_json_number(row[i]) ? row[i] : quoted(row[i]));
    }
    return json + '}';
}

} // namespace holdfast::load
