#pragma once

#include <holdfast/base/result.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <functional>
#include <string_view>

namespace holdfast::rules {

using HasStream = std::function<bool(std::string_view stream)>;

// What a rule must meet beside the grammar before it may run: filters and topics that are some, and
// streams that are there, both those it reads and those it appends to. Without `has_stream` streams
// are not asked for. Errors, with "line 1, column 40: ...": malformed, not_found; denied for one
// that would append to the audit, whoever makes it.
[[nodiscard]] Result<void> check_rule(const sql::RuleStatement& rule, const HasStream& has_stream);

} // namespace holdfast::rules
