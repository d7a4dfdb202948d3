#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace holdfast::app {

// What the prompt does with a whole statement, without its semicolon.
using RunStatement = std::function<void(const std::string& sql, std::string& format)>;

// Reads statements, each ended by `;`, from a terminal with a line editor and history
// (~/.holdfast_history), and lines that begin with `.`: `.help` shows them. Ends at `.quit` or the
// end of the input.
void run_query_prompt(std::string format, const RunStatement& run);

// The statements of a text, apart at semicolons that stand in no quotes and no comment. The last
// one need not end.
[[nodiscard]] std::string_view first_statement(std::string_view text, bool& is_ended);

} // namespace holdfast::app
