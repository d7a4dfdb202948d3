#pragma once

#include <holdfast/column/column.hpp>
#include <holdfast/column/field.hpp>

#include <string_view>

namespace holdfast::column {

// Reads single values out of JSON that is at hand as text (a member that is an array, say), without
// building a document. Integers stay exact, objects and arrays are their text. Text that is no JSON
// gives nothing; of what is passed over only quotes and brackets are looked at.

// The value at `path`; NULL where there is none. Text is kept in `arena` where it has escapes, else
// borrowed from `json`.
[[nodiscard]] Value json_at(std::string_view json, const Path& path, TextArena& arena);

// The elements of an array, one by one.
class JsonElements {
public:
    // No elements where `json` is no array.
    explicit JsonElements(std::string_view json) noexcept;
    // The next element's text; false behind the last, or where the array is damaged.
    [[nodiscard]] bool next(std::string_view& element) noexcept;

private:
    std::string_view rest_; // from the next element on; empty: none
};

} // namespace holdfast::column
