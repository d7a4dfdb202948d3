#pragma once

#include <holdfast/column/value.hpp>

#include <cstdint>
#include <string_view>

// Values of a table's row.
namespace holdfast::query::cells {

[[nodiscard]] inline column::Value text(std::string_view value) {
    return column::Value::of_text(value);
}
[[nodiscard]] inline column::Value text_or_null(std::string_view value) {
    return value.empty() ? column::Value() : text(value);
}
[[nodiscard]] column::Value whole(auto value) {
    return column::Value::of_int(static_cast<std::int64_t>(value));
}
[[nodiscard]] inline column::Value time_ms(std::int64_t ms) {
    return column::Value::of_timestamp_us(ms * 1000);
}

} // namespace holdfast::query::cells
