#include <holdfast/gateway/rest/rule_rights.hpp>

#include <holdfast/gateway/http/right.hpp>

#include <string>

namespace holdfast::gateway {
namespace {

using access::Action;
using access::Resource;

// Every topic that `plant/${device}/hot` can become. A value may hold slashes, so nothing is known
// of the levels from the first with a value in it on.
std::string filter_of(std::string_view target) {
    const auto value = target.find("${");
    if (value == std::string_view::npos) return std::string(target);
    const auto slash = target.substr(0, value).rfind('/');
    if (slash == std::string_view::npos) return "#";
    return std::string(target.substr(0, slash + 1)) + "#";
}

Result<void> check_publish(const access::Rights& rights, std::string_view target) {
    return check_right(rights, Action::publish, Resource::topic_filter(filter_of(target)));
}

} // namespace

Result<void> check_rule_rights(const access::Rights& rights, const sql::RuleStatement& rule) {
    const auto& source = rule.source;
    HF_TRY(source.is_filter
               ? check_right(rights, Action::subscribe, Resource::topic_filter(source.name))
               : check_right(rights, Action::read, Resource::stream(source.name)));
    if (!source.late_topic.empty()) {
        HF_TRY(check_publish(rights, source.late_topic));
    }
    for (const auto& action : rule.actions) {
        HF_TRY(action.is_publish
                   ? check_publish(rights, action.target)
                   : check_right(rights, Action::write, Resource::stream(action.target)));
    }
    return ok();
}

} // namespace holdfast::gateway
