#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::app {

// The text of a file of rules. Errors, naming the file: io, limit_exceeded.
[[nodiscard]] Result<std::string> read_rule_file(const std::filesystem::path& file);

struct PlacedRule {
    sql::RuleStatement statement;
    std::string where; // "FILE:3"
};
// Errors, naming file, line and column: as read_rule_file(), and of the grammar.
[[nodiscard]] Result<std::vector<PlacedRule>> parse_rule_file(const std::filesystem::path& file);

// "line 3, column 7: why" becomes "FILE:3:7: why", as compilers say it and editors jump to it.
[[nodiscard]] std::string at_place(const std::filesystem::path& file, const Error& error);

} // namespace holdfast::app
