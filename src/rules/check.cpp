#include <holdfast/rules/check.hpp>

#include <holdfast/access/audit_event.hpp>
#include <holdfast/sql/token.hpp>
#include <holdfast/topic/topic.hpp>

#include <fmt/format.h>

#include <string>

namespace holdfast::rules {
namespace {

// A topic with `${column}`: whatever the columns give, one level or several, the rest must fit.
bool may_become_topic(std::string_view pattern) {
    std::string topic;
    while (!pattern.empty()) {
        const auto open = pattern.find("${");
        topic += pattern.substr(0, open);
        if (open == std::string_view::npos) break;
        topic += 'x';
        const auto close = pattern.find('}', open);
        if (close == std::string_view::npos) return false;
        pattern.remove_prefix(close + 1);
    }
    return topic::is_topic_name(topic);
}

} // namespace

Result<void> check_rule(const sql::RuleStatement& rule, const HasStream& has_stream) {
    const auto absent = [&](std::string_view stream) { return has_stream && !has_stream(stream); };
    const auto& source = rule.source;
    if (source.is_filter && !topic::is_topic_filter(source.name))
        return sql::error_at(Errc::malformed, source.at,
                             fmt::format("'{}' is no topic filter", source.name));
    if (!source.is_filter && absent(source.name))
        return sql::error_at(Errc::not_found, source.at,
                             fmt::format("there is no stream '{}'", source.name));
    if (!source.late_topic.empty() && !topic::is_topic_name(source.late_topic))
        return sql::error_at(Errc::malformed, source.at,
                             fmt::format("LATE TO '{}' is no topic", source.late_topic));
    for (const auto& action : rule.actions) {
        if (action.is_publish && !may_become_topic(action.target))
            return sql::error_at(Errc::malformed, action.at,
                                 fmt::format("PUBLISH '{}' is no topic", action.target));
        if (!action.is_publish && action.target == access::kAuditStream)
            return sql::error_at(Errc::denied, action.at,
                                 "only the server itself writes into the stream 'audit'");
        if (!action.is_publish && absent(action.target))
            return sql::error_at(
                Errc::not_found, action.at,
                fmt::format("there is no stream '{}' to append to", action.target));
    }
    return ok();
}

} // namespace holdfast::rules
