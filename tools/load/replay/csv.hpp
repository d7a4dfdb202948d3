#pragma once

#include <holdfast/base/result.hpp>

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace holdfast::load {

// Reads CSV row by row (RFC 4180: quotes, doubled quotes and line ends inside quotes; LF and
// CRLF). Rows are at most 1 MiB. The stream outlives the reader.
class CsvReader {
public:
    explicit CsvReader(std::istream& in) noexcept : in_(in) {}

    // The next row's fields; none at the end. Blank lines are skipped. Errors: malformed with
    // the line number, for text behind a closing quote, an open quote or a row too long.
    [[nodiscard]] Result<std::vector<std::string>> next();
    // The line on which the row just read began, from 1.
    [[nodiscard]] std::size_t line() const noexcept { return row_line_; }

private:
    [[nodiscard]] Result<bool> read_field(std::string& field);

    std::istream& in_;
    std::size_t at_line_ = 1;
    std::size_t row_line_ = 0;
    std::size_t row_bytes_ = 0;
};

} // namespace holdfast::load
