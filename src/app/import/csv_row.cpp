#include "app/import/csv_row.hpp"

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/timestamp.hpp>
#include <holdfast/gateway/http/message.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::string_view kDevicePlace = "{device}"; // in a topic
constexpr std::int64_t kAheadMaxMs = 3'600'000; // docs/format/record_batch.md: no time beyond it

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<double> real_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// An epoch time of which the unit is said, in microseconds; fractions are of seconds mostly.
std::optional<std::int64_t> scaled_us(std::string_view text, double us_of_unit) {
    const auto number = real_number(text);
    constexpr double kUsMax = 9e17; // past the year 9999, and far within 64 bits
    if (!number || !(*number >= 0) || *number * us_of_unit > kUsMax) return std::nullopt;
    const auto whole = whole_number(text);
    if (whole && us_of_unit >= 1) return *whole * static_cast<std::int64_t>(us_of_unit);
    if (whole) return *whole / 1000; // ns: exact, where a double is not
    return static_cast<std::int64_t>(*number * us_of_unit);
}

std::optional<std::int64_t> event_us(std::string_view text, TimeFormat format) {
    switch (format) {
        case TimeFormat::rfc3339: return column::parse_timestamp(text);
        case TimeFormat::s: return scaled_us(text, 1e6);
        case TimeFormat::ms: return scaled_us(text, 1e3);
        case TimeFormat::us: return scaled_us(text, 1);
        case TimeFormat::ns: return scaled_us(text, 1e-3);
        case TimeFormat::any: break;
    }
    if (const auto whole = whole_number(text)) return column::timestamp_from_epoch(*whole);
    if (const auto real = real_number(text)) return column::timestamp_from_epoch(*real);
    return column::parse_timestamp(text);
}

std::string json_quoted(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(text));
}

bool is_json_number(std::string_view text) {
    if (text.empty() || (text[0] != '-' && (text[0] < '0' || text[0] > '9'))) return false;
    boost::json::error_code error;
    const auto value = boost::json::parse(boost::json::string_view(text), error);
    // Beyond a double there is no number for those who read it.
    return !error && value.is_number() && std::isfinite(value.to_number<double>());
}

// As JSON: what reads as a number keeps its digits. Spreadsheets write `+2` and `1,5`.
std::string json_of(std::string_view cell, bool decimal_commas) {
    if (cell == "true" || cell == "false") return std::string(cell);
    std::string number(cell.substr(cell.starts_with('+') && !cell.starts_with("+-") ? 1 : 0));
    if (decimal_commas && std::ranges::count(number, ',') == 1 &&
        number.find('.') == std::string::npos)
        std::ranges::replace(number, ',', '.');
    return is_json_number(number) ? number : json_quoted(cell);
}

std::string with_device(std::string topic, std::string_view device) {
    for (auto at = topic.find(kDevicePlace); at != std::string::npos;
         at = topic.find(kDevicePlace, at + device.size()))
        topic.replace(at, kDevicePlace.size(), device);
    return topic;
}

Result<void> check_places(std::string_view topic) {
    for (auto at = topic.find('{'); at != std::string_view::npos; at = topic.find('{', at + 1)) {
        const auto end = topic.find('}', at);
        const auto place = topic.substr(at, end == std::string_view::npos ? end : end + 1 - at);
        if (place != kDevicePlace)
            return fail(Errc::malformed,
                        fmt::format("--topic: '{}' is not known; {} is", place, kDevicePlace));
        if (at > 0 && topic[at - 1] == '$')
            return fail(Errc::malformed,
                        fmt::format("--topic: it is {}, without a $ before it", kDevicePlace));
    }
    return ok();
}

Result<std::size_t> place_of(const std::vector<std::string>& header, std::string_view name) {
    const auto found = std::ranges::find(header, name);
    if (found == header.end())
        return fail(Errc::malformed, fmt::format("line 1: there is no column '{}'; there are {}",
                                                 name, fmt::join(header, ", ")));
    return static_cast<std::size_t>(found - header.begin());
}

} // namespace

Result<std::int64_t> event_ms(std::string_view text, TimeFormat format) {
    const auto us = event_us(text, format);
    if (!us || *us < 0)
        return fail(Errc::malformed,
                    fmt::format("'{}' is no time: RFC 3339 or epoch (--time-format)", text));
    return gateway::check_time_ms(*us / 1000);
}

Result<CsvRow> CsvRow::make(CsvMapping mapping, std::vector<std::string> header) {
    for (auto each = header.begin(); each != header.end(); ++each)
        if (std::find(header.begin(), each, *each) != each)
            return fail(Errc::malformed, fmt::format("line 1: two columns are named '{}'", *each));
    HF_TRY(check_places(mapping.topic));
    CsvRow row(std::move(mapping), std::move(header));
    HF_TRY(row.device_, place_of(row.header_, row.mapping_.device_column));
    HF_TRY(row.time_, place_of(row.header_, row.mapping_.time_column));
    return row;
}

Result<std::string> CsvRow::record(const std::vector<std::string>& cells, bool decimal_commas,
                                   std::int64_t now_ms) const {
    if (cells.size() != header_.size())
        return fail(Errc::malformed,
                    fmt::format("{} cells, but {} columns", cells.size(), header_.size()));
    if (!std::ranges::all_of(cells, [](const std::string& cell) { return is_utf8(cell); }))
        return fail(Errc::malformed, "not UTF-8");
    const std::string& device = cells[device_];
    if (device.empty()) return fail(Errc::malformed, "the device is missing");
    HF_TRY(const std::int64_t time_ms, event_ms(cells[time_], mapping_.time_format));
    if (time_ms > now_ms + kAheadMaxMs)
        return fail(Errc::malformed,
                    fmt::format("'{}' is more than an hour ahead of now", cells[time_]));
    std::string value;
    for (std::size_t i = 0; i < cells.size(); ++i)
        if (i != device_ && i != time_ && !cells[i].empty())
            value += fmt::format("{}{}:{}", value.empty() ? "" : ",", json_quoted(header_[i]),
                                 json_of(cells[i], decimal_commas));
    if (value.empty()) return fail(Errc::malformed, "all values are empty");
    std::string headers = fmt::format("\"{}\":\"{}\"", record::kHeaderEventTime, time_ms);
    if (!mapping_.topic.empty()) {
        const std::string topic = with_device(mapping_.topic, device);
        if (topic.size() > topic::kTopicBytesMax || !topic::is_topic_name(topic))
            return fail(Errc::malformed, fmt::format("'{}' is no topic", topic));
        headers += fmt::format(",\"{}\":{}", record::kHeaderMqttTopic, json_quoted(topic));
    }
    return fmt::format("{{\"key\":{},\"value\":{{{}}},\"headers\":{{{}}}}}\n", json_quoted(device),
                       value, headers);
}

} // namespace holdfast::app
