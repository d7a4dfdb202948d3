#pragma once

#include <holdfast/column/value.hpp>

#include <string>
#include <string_view>

namespace holdfast::column {

// Appends `text` as a JSON string with quotes. Text must be UTF-8; control characters are escaped.
void append_json_string(std::string& out, std::string_view text);
// Appends a cell as JSON: NULL and what is not finite as null, doubles in their shortest form that
// reads back the same (with `.0` where they are whole), timestamps as RFC 3339 strings.
void append_json(std::string& out, const Value& value);
// A cell as plain text, as `${name}` and `||` show it; NULL is empty.
[[nodiscard]] std::string to_text(const Value& value);

} // namespace holdfast::column
