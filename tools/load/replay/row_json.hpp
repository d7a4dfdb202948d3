#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::load {

// Epoch milliseconds UTC of `text`: "2014-04-01 00:00:00[.fraction][Z]", the same with a `T`, a
// date alone, or an epoch number (seconds below 1e11, else milliseconds). Nothing otherwise.
[[nodiscard]] std::optional<std::int64_t> parse_time_ms(std::string_view text) noexcept;

// True where `text` is a number as JSON writes it, so that it may stand in JSON unchanged.
[[nodiscard]] bool is_json_number(std::string_view text) noexcept;

// {"ts":ms, column: value ...} without `time_column` itself (npos: no time, no ts). Numbers keep
// their text, digit for digit; empty fields are left out; anything else is a string.
[[nodiscard]] std::string row_to_json(const std::vector<std::string>& columns,
                                      const std::vector<std::string>& row, std::size_t time_column,
                                      std::int64_t ts_ms, std::string_view device);

} // namespace holdfast::load
