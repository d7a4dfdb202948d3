#include "sql/function_groups.hpp"

#include "sql/cast.hpp"

#include <holdfast/column/timestamp.hpp>
#include <holdfast/sql/time_zone.hpp>

#include <array>
#include <chrono>
#include <optional>

namespace holdfast::sql {
namespace {

namespace chrono = std::chrono;
using column::Type;
using column::Value;
using Args = Function::Arguments;

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kDayUs = 86'400 * kSecondUs;
// Calendar arithmetic overflows far out; no record's time lies there.
constexpr std::int64_t kFarUs = 8'000'000'000'000'000'000;

enum class Part : std::uint8_t {
    microsecond,
    millisecond,
    second,
    minute,
    hour,
    day,
    week,
    month,
    quarter,
    year,
    dow,
    isodow,
    doy,
    epoch,
};

std::optional<Part> part_of(std::string_view written) {
    struct Named {
        std::string_view name;
        Part part;
    };
    constexpr std::array kNamed{Named{"microsecond", Part::microsecond},
                                Named{"millisecond", Part::millisecond},
                                Named{"second", Part::second},
                                Named{"minute", Part::minute},
                                Named{"hour", Part::hour},
                                Named{"day", Part::day},
                                Named{"week", Part::week},
                                Named{"month", Part::month},
                                Named{"quarter", Part::quarter},
                                Named{"year", Part::year},
                                Named{"dow", Part::dow},
                                Named{"dayofweek", Part::dow},
                                Named{"isodow", Part::isodow},
                                Named{"doy", Part::doy},
                                Named{"dayofyear", Part::doy},
                                Named{"epoch", Part::epoch}};
    std::string name = lower_case(written);
    for (int attempt = 0; attempt < 2; ++attempt) {
        for (const Named& each : kNamed)
            if (each.name == name) return each.part;
        if (name.size() < 2 || name.back() != 's') break;
        name.pop_back(); // hours
    }
    return std::nullopt;
}

struct Fields {
    chrono::sys_days day;
    chrono::year_month_day date;
    std::int64_t of_day_us = 0;

    explicit Fields(std::int64_t us)
        : day(chrono::floor<chrono::days>(
              chrono::sys_time<chrono::microseconds>(chrono::microseconds(us)))),
          date(day),
          of_day_us(us -
                    chrono::duration_cast<chrono::microseconds>(day.time_since_epoch()).count()) {}
};

std::int64_t us_of(chrono::sys_days day) {
    return chrono::duration_cast<chrono::microseconds>(day.time_since_epoch()).count();
}

// ISO 8601: the week of a year is that of its Thursday.
std::int64_t iso_week(chrono::sys_days day) {
    const chrono::sys_days thursday =
        day + chrono::days(4 - static_cast<int>(chrono::weekday(day).iso_encoding()));
    const chrono::year_month_day date(thursday);
    const chrono::sys_days first = chrono::sys_days(date.year() / chrono::January / 1);
    return (thursday - first).count() / 7 + 1;
}

std::int64_t read_part(Part part, std::int64_t us) {
    const Fields at(us);
    const auto month = static_cast<unsigned>(at.date.month());
    switch (part) {
        case Part::microsecond: return at.of_day_us % (60 * kSecondUs);
        case Part::millisecond: return at.of_day_us % (60 * kSecondUs) / 1000;
        case Part::second: return at.of_day_us / kSecondUs % 60;
        case Part::minute: return at.of_day_us / (60 * kSecondUs) % 60;
        case Part::hour: return at.of_day_us / (3600 * kSecondUs);
        case Part::day: return static_cast<unsigned>(at.date.day());
        case Part::week: return iso_week(at.day);
        case Part::month: return month;
        case Part::quarter: return (month - 1) / 3 + 1;
        case Part::year: return static_cast<int>(at.date.year());
        case Part::dow: return static_cast<unsigned>(chrono::weekday(at.day).c_encoding());
        case Part::isodow: return static_cast<unsigned>(chrono::weekday(at.day).iso_encoding());
        case Part::doy:
            return (at.day - chrono::sys_days(at.date.year() / chrono::January / 1)).count() + 1;
        case Part::epoch: break; // not of the calendar
    }
    return 0;
}

// The first moment of the part that holds `us`.
std::optional<std::int64_t> truncated(Part part, std::int64_t us) {
    const Fields at(us);
    const std::int64_t day_us = us - at.of_day_us;
    const auto to = [&](std::int64_t unit_us) { return us - at.of_day_us % unit_us; };
    const auto year = at.date.year();
    switch (part) {
        case Part::microsecond: return us;
        case Part::millisecond: return to(1000);
        case Part::second: return to(kSecondUs);
        case Part::minute: return to(60 * kSecondUs);
        case Part::hour: return to(3600 * kSecondUs);
        case Part::day: return day_us;
        case Part::week:
            return day_us -
                   (static_cast<std::int64_t>(chrono::weekday(at.day).iso_encoding()) - 1) * kDayUs;
        case Part::month: return us_of(chrono::sys_days(year / at.date.month() / 1));
        case Part::quarter:
            return us_of(chrono::sys_days(
                year / chrono::month((static_cast<unsigned>(at.date.month()) - 1) / 3 * 3 + 1) /
                1));
        case Part::year: return us_of(chrono::sys_days(year / chrono::January / 1));
        default: return std::nullopt;
    }
}

// What the arguments (part, time, zone) of several functions are; nothing where they are not.
struct PartArgs {
    Part part{};
    std::int64_t us = 0;   // on the wall clock of the zone
    std::string_view zone; // empty: UTC
};
std::optional<PartArgs> part_args(Args args) {
    PartArgs out;
    if (args[0].type() != Type::text || args[1].type() != Type::timestamp) return std::nullopt;
    const auto part = part_of(args[0].as_text());
    if (!part) return std::nullopt;
    if (args.size() > 2) {
        if (args[2].type() != Type::text || !is_time_zone(args[2].as_text())) return std::nullopt;
        out.zone = args[2].as_text();
    }
    out.part = *part;
    out.us = args[1].as_int();
    if (out.us > kFarUs || out.us < -kFarUs) return std::nullopt;
    if (!out.zone.empty()) out.us = to_local(out.us, out.zone);
    return out;
}

Value date_part_of(Args args, Evaluation& evaluation) {
    const auto in = part_args(args);
    if (!in) return mismatch(evaluation);
    if (in->part == Part::epoch)
        return Value::of_float(static_cast<double>(args[1].as_int()) / 1e6);
    return Value::of_int(read_part(in->part, in->us));
}
template <Part P>
Value one_part_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::timestamp || args[0].as_int() > kFarUs ||
        args[0].as_int() < -kFarUs)
        return mismatch(evaluation);
    return Value::of_int(read_part(P, args[0].as_int()));
}

Value date_trunc_of(Args args, Evaluation& evaluation) {
    const auto in = part_args(args);
    if (!in) return mismatch(evaluation);
    const auto us = truncated(in->part, in->us);
    if (!us) return mismatch(evaluation);
    return Value::of_timestamp_us(in->zone.empty() ? *us : to_utc(*us, in->zone));
}

// How many beginnings of the part lie between two times.
Value date_diff_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::text || args[1].type() != Type::timestamp ||
        args[2].type() != Type::timestamp)
        return mismatch(evaluation);
    const auto part = part_of(args[0].as_text());
    const std::int64_t from = args[1].as_int();
    const std::int64_t to = args[2].as_int();
    if (!part || std::max(from, to) > kFarUs / 2 || std::min(from, to) < -kFarUs / 2)
        return mismatch(evaluation);
    const auto months = [](std::int64_t us) {
        const Fields at(us);
        return static_cast<int>(at.date.year()) * 12 +
               static_cast<std::int64_t>(static_cast<unsigned>(at.date.month())) - 1;
    };
    const auto a = truncated(*part, from);
    const auto b = truncated(*part, to);
    if (!a || !b) return mismatch(evaluation);
    switch (*part) {
        case Part::year: return Value::of_int(months(*b) / 12 - months(*a) / 12);
        case Part::quarter: return Value::of_int(months(*b) / 3 - months(*a) / 3);
        case Part::month: return Value::of_int(months(*b) - months(*a));
        case Part::week: return Value::of_int((*b - *a) / (7 * kDayUs));
        case Part::day: return Value::of_int((*b - *a) / kDayUs);
        case Part::hour: return Value::of_int((*b - *a) / (3600 * kSecondUs));
        case Part::minute: return Value::of_int((*b - *a) / (60 * kSecondUs));
        case Part::second: return Value::of_int((*b - *a) / kSecondUs);
        case Part::millisecond: return Value::of_int((*b - *a) / 1000);
        default: return Value::of_int(*b - *a);
    }
}

Value time_bucket_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::int64 || args[0].as_int() <= 0 || args[1].type() != Type::timestamp)
        return mismatch(evaluation);
    std::string_view zone;
    if (args.size() > 2) {
        if (args[2].type() != Type::text || !is_time_zone(args[2].as_text()))
            return mismatch(evaluation);
        zone = args[2].as_text();
    }
    return Value::of_timestamp_us(time_bucket(args[1].as_int(), args[0].as_int(), zone).start_us);
}

template <std::int64_t UnitUs>
Value epoch_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::timestamp) return mismatch(evaluation);
    return Value::of_int(args[0].as_int() / UnitUs);
}
Value epoch_seconds_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::timestamp) return mismatch(evaluation);
    return Value::of_float(static_cast<double>(args[0].as_int()) / 1e6);
}
Value make_timestamp_of(Args args, Evaluation& evaluation) {
    if (args[0].type() != Type::int64) return mismatch(evaluation);
    return Value::of_timestamp_us(args[0].as_int());
}
Value to_timestamp_of(Args args, Evaluation& evaluation) {
    std::optional<std::int64_t> us;
    if (args[0].type() == Type::timestamp) return args[0];
    if (args[0].type() == Type::text) us = column::parse_timestamp(args[0].as_text());
    if (args[0].type() == Type::int64) us = column::timestamp_from_epoch(args[0].as_int());
    if (args[0].type() == Type::float64) us = column::timestamp_from_epoch(args[0].as_float());
    return us ? Value::of_timestamp_us(*us) : mismatch(evaluation);
}

constexpr std::array kFunctions{
    Function{"date_diff", 3, 3, false, date_diff_of},
    Function{"date_part", 2, 3, false, date_part_of},
    Function{"date_trunc", 2, 3, false, date_trunc_of},
    Function{"day", 1, 1, false, one_part_of<Part::day>},
    Function{"epoch", 1, 1, false, epoch_seconds_of},
    Function{"epoch_ms", 1, 1, false, epoch_of<1000>},
    Function{"epoch_us", 1, 1, false, epoch_of<1>},
    Function{"hour", 1, 1, false, one_part_of<Part::hour>},
    Function{"make_timestamp", 1, 1, false, make_timestamp_of},
    Function{"minute", 1, 1, false, one_part_of<Part::minute>},
    Function{"month", 1, 1, false, one_part_of<Part::month>},
    Function{"second", 1, 1, false, one_part_of<Part::second>},
    Function{"time_bucket", 2, 3, false, time_bucket_of},
    Function{"to_timestamp", 1, 1, false, to_timestamp_of},
    Function{"year", 1, 1, false, one_part_of<Part::year>},
};

} // namespace

std::span<const Function> time_functions() noexcept {
    return kFunctions;
}

} // namespace holdfast::sql
