#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::app {

// How a column of text says when: RFC 3339, or epoch seconds to nanoseconds; `any` tells them
// apart by their look and magnitude.
enum class TimeFormat : std::uint8_t { any, rfc3339, s, ms, us, ns };

// Event time in epoch milliseconds, rounded down. malformed, where it is none from 1970 to 9999.
[[nodiscard]] Result<std::int64_t> event_ms(std::string_view text, TimeFormat format);

struct CsvMapping {
    std::string device_column;
    std::string time_column;
    TimeFormat time_format = TimeFormat::any;
    std::string topic; // `{device}` in it becomes the device; empty: records have none
};

// Rows of one CSV file as records of docs/rest/records.md: the device as key, the row's time as
// event time, every other cell a member of the value. Cells that JSON reads as numbers, `true` and
// `false` are these, empty ones are left out, the rest is text.
class CsvRow {
public:
    // Errors: malformed, where the header lacks a column of the mapping, or has two of one name, or
    // the topic has a place for something else than the device.
    [[nodiscard]] static Result<CsvRow> make(CsvMapping mapping, std::vector<std::string> header);

    // One line of NDJSON with its line break. `decimal_commas`: `1,5` is a number. Errors, without
    // the line: malformed (cells that are missing or too many, no device, no time, a time more than
    // an hour ahead of `now_ms`, which readers would not take as one, no value, not UTF-8).
    [[nodiscard]] Result<std::string> record(const std::vector<std::string>& cells,
                                             bool decimal_commas, std::int64_t now_ms) const;

private:
    CsvRow(CsvMapping mapping, std::vector<std::string> header)
        : mapping_(std::move(mapping)), header_(std::move(header)) {}

    CsvMapping mapping_;
    std::vector<std::string> header_;
    std::size_t device_ = 0; // columns
    std::size_t time_ = 0;
};

} // namespace holdfast::app
