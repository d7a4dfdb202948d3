#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/sql/rule_statement.hpp>

namespace holdfast::gateway {

// Whether whoever makes the rule might do himself what it does: read its stream or subscribe to its
// topic filter, publish to its topics, write into its streams. denied.
[[nodiscard]] Result<void> check_rule_rights(const access::Rights& rights,
                                             const sql::RuleStatement& rule);

} // namespace holdfast::gateway
