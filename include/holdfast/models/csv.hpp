#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::models {

// Reads CSV line by line (RFC 4180: commas, quoted cells, doubled quotes; a quoted cell stays on
// its line). The separator is `,`, `;` or a tab, whichever the header has most of. A byte order
// mark and blanks around cells are left out.
class CsvReader {
public:
    explicit CsvReader(std::istream& in) : in_(in) {}

    // The cells of the next line that is not empty; false at the end. malformed, limit_exceeded.
    [[nodiscard]] Result<bool> next(std::vector<std::string>& cells);
    [[nodiscard]] std::uint64_t line() const noexcept { return line_; } // of the last row, from 1
    // Where commas do not separate, they may stand in numbers.
    [[nodiscard]] bool has_decimal_commas() const noexcept { return separator_ != ','; }

private:
    static constexpr std::size_t kLineBytesMax = 1U << 20U;
    Result<bool> read_line();
    Result<bool> split(std::vector<std::string>& cells);

    std::istream& in_;
    std::string text_;
    std::uint64_t line_ = 0;
    char separator_ = 0; // chosen by the header
};

// The finite number of a cell; NaN where it is none. JSON knows neither `+2` nor `1,5`,
// spreadsheets do.
[[nodiscard]] double csv_number(std::string_view cell, bool has_decimal_commas);

// A cell as CSV writes it.
[[nodiscard]] std::string csv_cell(std::string_view text);

} // namespace holdfast::models
