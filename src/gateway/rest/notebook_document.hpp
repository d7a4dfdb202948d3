#pragma once

#include <holdfast/base/result.hpp>

#include <string>
#include <string_view>

namespace holdfast::gateway {

// What a notebook says, as docs/rest/notebooks.md has it. Statements are not looked at: a query
// says what is wrong with one when it runs.
struct NotebookDocument {
    std::string title;
    std::string json; // without the white space between its parts
};

inline constexpr std::size_t kNotebookTitleBytesMax = 200;
inline constexpr std::size_t kNotebookParagraphsMax = 100;
inline constexpr std::size_t kNotebookParamsMax = 20;
inline constexpr std::size_t kNotebookChoicesMax = 100; // of one parameter

// malformed, naming the member.
[[nodiscard]] Result<NotebookDocument> parse_notebook(std::string_view text);

} // namespace holdfast::gateway
