#include <gateway/rest/history_request.hpp>

#include <gateway/rest/json.hpp>
#include <holdfast/column/timestamp.hpp>
#include <holdfast/config/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::gateway {
namespace {

using column::Value;

constexpr std::array kStatistics = {
    std::pair{std::string_view("avg"), Statistic::avg},
    std::pair{std::string_view("min"), Statistic::min},
    std::pair{std::string_view("max"), Statistic::max},
    std::pair{std::string_view("sum"), Statistic::sum},
    std::pair{std::string_view("count"), Statistic::count},
    std::pair{std::string_view("first"), Statistic::first},
    std::pair{std::string_view("last"), Statistic::last},
};
constexpr std::int64_t kUsPerMs = 1'000;
constexpr std::uint64_t kDurationMsMax = 366ULL * 100 * 86'400'000; // a hundred years
constexpr std::int64_t kPointsMax = 10'000;
constexpr std::int64_t kPage = 1'000;
constexpr std::int64_t kPageMax = 100'000;

Result<std::int64_t> duration_us(std::string_view text) {
    HF_TRY(const std::uint64_t ms, config::parse_duration_ms(text));
    if (ms > kDurationMsMax) return fail(Errc::malformed, "more than a hundred years");
    return static_cast<std::int64_t>(ms) * kUsPerMs;
}

Result<void> read_time(const HttpRequest& request, std::string_view name, std::int64_t now_us,
                       std::int64_t& out) {
    const auto text = request.query_value(name);
    if (!text) return ok();
    const auto us = parse_time_us(*text, now_us);
    if (!us) return fail(Errc::malformed, fmt::format("{}: {}", name, us.error().context));
    out = us.value();
    return ok();
}

Result<std::vector<Statistic>> read_statistics(std::string_view text) {
    HF_TRY(const auto names, read_names("agg", text));
    std::vector<Statistic> out;
    for (const std::string& name : names) {
        const auto found = std::find_if(kStatistics.begin(), kStatistics.end(),
                                        [&name](const auto& each) { return each.first == name; });
        if (found == kStatistics.end())
            return fail(
                Errc::malformed,
                fmt::format("agg: '{}' is none of avg, min, max, sum, count, first, last", name));
        out.push_back(found->second);
    }
    return out;
}

// Which of rows, buckets and points it is; each has parameters of its own.
Result<void> read_kind(const HttpRequest& request, HistoryRequest& out) {
    const auto step = request.query_value("step");
    const auto agg = request.query_value("agg");
    if (request.query_value("points")) {
        HF_TRY(expect_none_of({"step", "agg", "limit", "after"}, request));
        HF_TRY(const auto points, request.integer("points", 0, 1, kPointsMax));
        out.points = static_cast<std::size_t>(points);
        return ok();
    }
    if (step || agg) {
        HF_TRY(expect_none_of({"limit", "after"}, request));
        HF_TRY(out.statistics, read_statistics(agg.value_or("avg")));
        if (step) {
            HF_TRY(out.step_us, read_step_us(*step));
        }
        return ok();
    }
    const bool is_page = out.format == query::ResultFormat::json;
    HF_TRY(const auto limit, request.integer("limit", is_page ? kPage : INT64_MAX, 1,
                                             is_page ? kPageMax : INT64_MAX));
    out.rows_max = static_cast<std::size_t>(limit);
    return ok();
}

} // namespace

std::string_view to_string(Statistic statistic) noexcept {
    return std::find_if(kStatistics.begin(), kStatistics.end(),
                        [statistic](const auto& each) { return each.second == statistic; })
        ->first;
}

Value value_of(const history::FieldAggregate& field, Statistic statistic) noexcept {
    switch (statistic) {
        case Statistic::avg: return field.mean();
        case Statistic::min: return field.min;
        case Statistic::max: return field.max;
        case Statistic::sum: return field.sum;
        case Statistic::count: return Value::of_int(static_cast<std::int64_t>(field.count));
        case Statistic::first: return field.first;
        case Statistic::last: return field.last;
    }
    return {};
}

Result<std::int64_t> parse_time_us(std::string_view text, std::int64_t now_us) {
    constexpr std::string_view kNow = "now";
    if (text == kNow) return now_us;
    if (text.starts_with(kNow)) {
        const char sign = text[kNow.size()];
        if (sign == '-' || sign == '+' || sign == ' ') { // an unescaped `+` in a query is a space
            HF_TRY(const std::int64_t distance, duration_us(text.substr(kNow.size() + 1)));
            return sign == '-' ? now_us - distance : now_us + distance;
        }
    }
    // To the microsecond, which `after` needs; what is a time at all is decided in one place.
    HF_TRY(const std::int64_t ms, parse_time_ms(text));
    if (const auto us = column::parse_timestamp(text)) return *us;
    return ms * kUsPerMs;
}

Result<std::vector<std::string>> read_names(std::string_view parameter, std::string_view text) {
    std::vector<std::string> out;
    for (bool is_more = true; is_more;) {
        const auto comma = text.find(',');
        is_more = comma != std::string_view::npos;
        std::string name(text.substr(0, comma));
        if (name.empty()) return fail(Errc::malformed, fmt::format("{}: an empty name", parameter));
        if (out.size() == kFieldsMax)
            return fail(Errc::malformed,
                        fmt::format("{}: more than {} names", parameter, kFieldsMax));
        if (std::find(out.begin(), out.end(), name) != out.end())
            return fail(Errc::malformed, fmt::format("{}: '{}' stands twice", parameter, name));
        out.push_back(std::move(name));
        if (is_more) text.remove_prefix(comma + 1);
    }
    return out;
}

Result<std::int64_t> read_step_us(std::string_view text) {
    const auto us = duration_us(text);
    if (!us) return fail(Errc::malformed, fmt::format("step: {}", us.error().context));
    if (us.value() == 0) return fail(Errc::malformed, "step: 0 is no width of a bucket");
    return us.value();
}

Result<HistoryRequest> read_history_request(const HttpRequest& request, std::int64_t now_us) {
    HistoryRequest out;
    if (const auto format = request.query_value("format")) {
        const auto known = query::result_format_from(*format);
        if (!known)
            return fail(Errc::malformed,
                        fmt::format("format: '{}' is none of json, ndjson, csv", *format));
        out.format = *known;
    }
    if (const auto fields = request.query_value("fields")) {
        HF_TRY(out.fields, read_names("fields", *fields));
    }
    if (const auto field = request.capture("field"); !field.empty())
        out.fields.assign(1, std::string(field));
    HF_TRY(read_time(request, "from", now_us, out.from_us));
    HF_TRY(read_time(request, "to", now_us, out.to_us));
    if (request.query_value("after")) {
        HF_TRY(expect_none_of({"from"}, request));
        HF_TRY(read_time(request, "after", now_us, out.from_us));
        ++out.from_us;
    }
    if (out.from_us > out.to_us) return fail(Errc::malformed, "from is after to");
    HF_TRY(read_kind(request, out));
    return out;
}

} // namespace holdfast::gateway
