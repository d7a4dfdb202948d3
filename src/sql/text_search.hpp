#pragma once

#include <cstddef>
#include <string_view>

namespace holdfast::sql {

// Where `part` begins in `text`; npos where it does not. In time linear in both, whatever they are:
// who asks chooses them, and a search must not be a way to hold a thread.
[[nodiscard]] std::size_t find_text(std::string_view text, std::string_view part) noexcept;

} // namespace holdfast::sql
