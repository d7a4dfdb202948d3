#pragma once

#include <string>

namespace holdfast::app {

struct RuleTestArguments {
    std::string rule_file;
    std::string events_file;
    std::string format = "text"; // or "ndjson"
};

// `holdfast rule test`: runs one rule over recorded events, without a server. 0, or 1 with the
// reason on standard error, as `file:line:column: reason` or `file:line: reason`.
[[nodiscard]] int run_rule_test(const RuleTestArguments& arguments);

} // namespace holdfast::app
