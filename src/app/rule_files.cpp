#include "app/rule_files.hpp"

#include "app/text_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <utility>

namespace holdfast::app {
namespace {

constexpr std::size_t kRuleFileBytesMax = 1U << 20U; // what the SQL parser takes at once

} // namespace

Result<std::string> read_rule_file(const std::filesystem::path& file) {
    return read_text_file(file, kRuleFileBytesMax);
}

Result<std::vector<PlacedRule>> parse_rule_file(const std::filesystem::path& file) {
    HF_TRY(const std::string text, read_rule_file(file));
    auto statements = sql::parse_rules(text);
    if (!statements) return fail(statements.error().code, at_place(file, statements.error()));
    std::vector<PlacedRule> rules;
    std::size_t from = 0;
    for (sql::RuleStatement& statement : statements.value()) {
        const std::size_t begin = std::min(text.find(statement.text, from), text.size());
        const auto before = text.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto line = 1 + std::count(text.begin(), before, '\n');
        from = std::min(begin + statement.text.size(), text.size());
        rules.push_back({std::move(statement), fmt::format("{}:{}", file.string(), line)});
    }
    return rules;
}

std::string at_place(const std::filesystem::path& file, const Error& error) {
    const std::string& why = error.context;
    unsigned line = 0;
    unsigned column = 0;
    int end = 0;
    if (std::sscanf(why.c_str(), "line %u, column %u: %n", &line, &column, &end) == 2 && end > 0)
        return fmt::format("{}:{}:{}: {}", file.string(), line, column,
                           why.substr(static_cast<std::size_t>(end)));
    return fmt::format("{}: {}", file.string(), why);
}

} // namespace holdfast::app
