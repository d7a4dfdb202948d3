#include <holdfast/column/timestamp.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace holdfast::column {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

// Digits at the front of a text, which shrinks as they are read.
class Digits {
public:
    explicit Digits(std::string_view text) : rest_(text) {}

    // Exactly `count` digits.
    bool number(int count, int& out) noexcept {
        if (rest_.size() < static_cast<std::size_t>(count)) return false;
        out = 0;
        for (int i = 0; i < count; ++i) {
            const char c = rest_[static_cast<std::size_t>(i)];
            if (c < '0' || c > '9') return false;
            out = out * 10 + (c - '0');
        }
        rest_.remove_prefix(static_cast<std::size_t>(count));
        return true;
    }
    bool skip(std::string_view any_of) noexcept {
        if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    // The digits after the point, as microseconds.
    bool fraction(std::int64_t& us) noexcept {
        std::int64_t unit = 100'000;
        std::size_t count = 0;
        for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
            us += (rest_[count] - '0') * unit;
            unit /= 10;
        }
        rest_.remove_prefix(count);
        return count > 0;
    }
    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
    [[nodiscard]] char front() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

private:
    std::string_view rest_;
};

bool read_zone(Digits& in, std::int64_t& us) noexcept {
    if (in.empty() || in.skip("Zz")) return in.empty();
    const int sign = in.front() == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    if (!in.skip("+-") || !in.number(2, hours)) return false;
    in.skip(":");
    if (!in.empty() && !in.number(2, minutes)) return false;
    if (hours > 23 || minutes > 59) return false;
    us -= sign * (hours * 3600LL + minutes * 60LL) * kSecond;
    return in.empty();
}

bool read_time(Digits& in, std::int64_t& us) noexcept {
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!in.number(2, hour) || !in.skip(":") || !in.number(2, minute)) return false;
    if (in.skip(":") && !in.number(2, second)) return false;
    if (hour > 23 || minute > 59 || second > 60) return false;
    us += (hour * 3600LL + minute * 60LL + second) * kSecond;
    return !in.skip(".,") || in.fraction(us);
}

} // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
    namespace chrono = std::chrono;
    Digits in(text);
    int year = 0;
    int month = 0;
    int day = 0;
    if (!in.number(4, year) || !in.skip("-") || !in.number(2, month) || !in.skip("-") ||
        !in.number(2, day))
        return std::nullopt;
    const chrono::year_month_day date{chrono::year(year),
                                      chrono::month(static_cast<unsigned>(month)),
                                      chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) return std::nullopt;
    const auto days = chrono::sys_days(date).time_since_epoch();
    std::int64_t us = chrono::duration_cast<chrono::microseconds>(days).count();
    if (in.empty()) return us;
    if (!in.skip("Tt ") || !read_time(in, us) || !read_zone(in, us)) return std::nullopt;
    return us;
}

std::optional<std::int64_t> timestamp_from_epoch(std::int64_t value) noexcept {
    if (value < 0) return std::nullopt;
    if (value < 100'000'000'000) return value * kSecond;
    if (value < 100'000'000'000'000) return value * 1000;
    if (value < 100'000'000'000'000'000) return value;
    return value / 1000;
}

std::optional<std::int64_t> timestamp_from_epoch(double value) noexcept {
    if (!(value >= 0) || value >= 9.2e18) return std::nullopt;
    double us = value;
    if (value < 1e11) {
        us = value * 1e6;
    } else if (value < 1e14) {
        us = value * 1e3;
    } else if (value >= 1e17) {
        us = value / 1e3;
    }
    return std::llround(us);
}

std::string format_timestamp(std::int64_t us) {
    namespace chrono = std::chrono;
    constexpr std::int64_t kMost =
        900'000'000'000'000'000; // the year 30,489: chrono ends at 32,767
    if (us <= -kMost || us >= kMost) return fmt::format("{} us since 1970", us);
    const chrono::sys_time<chrono::microseconds> at{chrono::microseconds(us)};
    const auto days = chrono::floor<chrono::days>(at);
    const chrono::year_month_day date(days);
    const std::int64_t of_day = (at - days).count();
    const std::int64_t second = of_day / kSecond;
    std::string out =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    second / 3600, second / 60 % 60, second % 60);
    const std::int64_t fraction = of_day % kSecond;
    out += fraction % 1000 == 0 ? fmt::format(".{:03}Z", fraction / 1000)
                                : fmt::format(".{:06}Z", fraction);
    return out;
}

} // namespace holdfast::column
