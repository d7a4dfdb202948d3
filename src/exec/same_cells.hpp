#pragma once

#include <holdfast/column/column.hpp>

#include <cstddef>
#include <string_view>

namespace holdfast::exec {

// Whether two cells are equal at a glance: text only where it is the same characters in memory.
// False says nothing. For rows of a history, which come device after device.
[[nodiscard]] inline bool looks_the_same(const column::Column& column, std::size_t left,
                                         std::size_t right) noexcept {
    const column::Type type = column.type_at(left);
    if (type != column.type_at(right)) return false;
    if (type == column::Type::null) return true;
    if (type != column::Type::text) return column.words()[left] == column.words()[right];
    const std::string_view a = column.at(left).as_text();
    const std::string_view b = column.at(right).as_text();
    return a.data() == b.data() && a.size() == b.size();
}

} // namespace holdfast::exec
