#pragma once

#include <holdfast/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast::influx {

// What the number at the end of a line counts since 1970.
enum class Precision : std::uint8_t { ns, us, ms, s, m, h };

// As clients say it: `ns`, `us`, `ms`, `s`, of InfluxDB 1 also `n`, `u`, `m`, `h`. malformed.
[[nodiscard]] Result<Precision> parse_precision(std::string_view text);

// Float, integer (`7i`), unsigned (`7u`), boolean, string.
using Value = std::variant<double, std::int64_t, std::uint64_t, bool, std::string>;

// One point: what was measured, of what, and when. Names and texts are unescaped, valid UTF-8, and
// each name stands once among the tags, and once among the fields.
struct Line {
    std::string measurement;
    std::vector<std::pair<std::string, std::string>> tags; // as they came; no value is empty
    std::vector<std::pair<std::string, Value>> fields;     // at least one; no float is inf or NaN
    // Epoch milliseconds, rounded down; none: whoever takes it says when.
    std::optional<std::int64_t> time_ms;
};

} // namespace holdfast::influx
