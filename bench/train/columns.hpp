#pragma once

#include <holdfast/base/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::bench {

// The cells of a text file, by line; `separator` ' ' takes any run of blanks. io.
[[nodiscard]] Result<std::vector<std::vector<std::string>>> read_cells(
    const std::filesystem::path& file, char separator);
// A cell as a number. malformed.
[[nodiscard]] Result<double> number(const std::string& cell);

} // namespace holdfast::bench
