#pragma once

#include <holdfast/influx/line.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::influx {

// Reads InfluxDB's line protocol, line by line:
//
//     measurement,tag=value,... field=1.5,other=7i,third="text",fourth=true 1700000000000000000
//
// Empty lines and those that begin with `#` are passed over. A string may hold line breaks.
//
// Source: the line protocol reference of InfluxDB 2.
class LineReader {
public:
    static constexpr std::size_t kLineBytesMax = 64U << 10U;
    static constexpr std::size_t kTagsMax = 128;
    static constexpr std::size_t kFieldsMax = 1'024;

    // Borrows `text` until the last next().
    LineReader(std::string_view text, Precision precision) noexcept
        : text_(text), precision_(precision) {}

    // The next line; false at the end. `line` is reused, so that lines of one shape allocate
    // little. Errors, naming line and column (in bytes, both from 1): malformed; limit_exceeded.
    // The next call goes on behind the broken line: a quote that does not close breaks its own line
    // only.
    [[nodiscard]] Result<bool> next(Line& line);
    // Of the line that next() gave last, from 1: the one where it began.
    [[nodiscard]] std::uint64_t number() const noexcept { return given_; }

private:
    void pass_over_empty_lines() noexcept;
    void pass_over_line() noexcept; // the rest of it, with its line break
    [[nodiscard]] Result<void> read(Line& line);
    [[nodiscard]] Result<void> read_tags(Line& line);
    [[nodiscard]] Result<void> read_fields(Line& line);
    [[nodiscard]] Result<Value> read_value();
    [[nodiscard]] Result<Value> read_string();
    [[nodiscard]] Result<void> read_time(Line& line);
    // Up to one of `stops` that no backslash escapes; a backslash before another byte is itself.
    void read_name(std::string& out, std::string_view stops);
    [[nodiscard]] std::string_view peek_word() const noexcept; // up to a comma, blank or the end
    [[nodiscard]] bool take(char expected) noexcept;
    [[nodiscard]] bool is_at_end() const noexcept; // of the line
    [[nodiscard]] bool is_cut() const noexcept;    // at kLineBytesMax, with more to come
    [[nodiscard]] Error located(const Error& error) const;

    std::string_view text_;
    Precision precision_;
    std::size_t begin_ = 0;    // of the line
    std::size_t end_ = 0;      // of what is read of it at most
    std::size_t at_ = 0;       // where an error is, too
    std::uint64_t number_ = 1; // of the line at begin_
    std::uint64_t given_ = 0;
};

} // namespace holdfast::influx
