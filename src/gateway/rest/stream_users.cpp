#include <holdfast/gateway/rest/stream_users.hpp>

#include <holdfast/access/audit_event.hpp>
#include <holdfast/broker/bridge.hpp>
#include <holdfast/models/engine.hpp>
#include <holdfast/models/predictions.hpp>
#include <holdfast/rules/engine.hpp>
#include <holdfast/sql/rule_statement.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::gateway {
namespace {

constexpr std::string_view kAlarms = "alarms"; // where rules and models put theirs

void add_uses(const rules::RuleInfo& rule, std::string_view stream,
              std::vector<std::string>& users) {
    const auto statement = sql::parse_rule(rule.sql);
    if (!statement) return; // cannot be: it runs
    const sql::RuleStatement& parsed = statement.value();
    // One that reads a topic filter reads what the bridge leads to, and the bridge is a user.
    if (!parsed.source.is_filter && parsed.source.name == stream)
        users.push_back(fmt::format("rule '{}' reads it", rule.name));
    const bool is_appended_to = std::ranges::any_of(parsed.actions, [&](const auto& action) {
        return !action.is_publish && action.target == stream;
    });
    if (is_appended_to) users.push_back(fmt::format("rule '{}' appends to it", rule.name));
}

} // namespace

std::vector<std::string> stream_users(std::string_view stream, const broker::Bridge& bridge,
                                      const StreamWorkers& workers) {
    std::vector<std::string> users;
    if (stream == kAlarms) users.emplace_back("the server keeps alarms in it");
    if (stream == access::kAuditStream) users.emplace_back("the server keeps its audit in it");
    const auto routed = bridge.streams();
    if (std::ranges::find(routed, stream) != routed.end())
        users.emplace_back("the bridge leads topics to it");
    for (const rules::RuleInfo& rule : workers.rules.list()) add_uses(rule, stream, users);
    for (const models::ModelInfo& model : workers.models.list())
        if (model.spec.source == stream)
            users.push_back(fmt::format("model '{}' reads it", model.spec.name));
    if (workers.trained == nullptr) return users;
    for (const std::string& name : workers.trained->readers_of(stream))
        users.push_back(fmt::format("trained model '{}' reads it", name));
    return users;
}

} // namespace holdfast::gateway
