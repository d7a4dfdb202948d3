#pragma once

#include "access/name_pattern.hpp"
#include "access/topic_right.hpp"

#include <holdfast/access/action.hpp>
#include <holdfast/access/principal.hpp>
#include <holdfast/config/access_file.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::access {

// A rule with one principal's values put in. Borrows the rule's text from the policy.
struct BoundRule {
    bool is_deny = false;
    bool is_all = false; // every action on every resource
    std::uint8_t actions = 0;
    std::vector<BoundTopic> topics;
    std::vector<BoundName> streams;
    std::vector<BoundName> areas;
    std::vector<BoundName> clients;
    std::string_view text;

    [[nodiscard]] bool has(Action action) const noexcept;
    // Whether this rule speaks about it. An allow rule speaks about a topic filter that it covers,
    // a deny rule about one that it overlaps.
    [[nodiscard]] bool applies(Action action, const Resource& resource) const noexcept;
};

// A rule as access.yaml has it, checked and compiled. Immutable.
class Rule {
public:
    // malformed: `file:line` and what is wrong.
    [[nodiscard]] static Result<Rule> compile(const config::AccessRule& rule,
                                              std::string_view role);
    // Nothing where the rule is not for this principal.
    [[nodiscard]] std::optional<BoundRule> bind(const Principal& principal) const;

private:
    [[nodiscard]] Result<void> read_resources(const config::AccessRule& rule);
    [[nodiscard]] Result<void> check_resources(const config::AccessRule& rule) const;

    bool is_deny_ = false;
    bool is_all_ = false;
    std::uint8_t actions_ = 0;
    std::vector<TopicRight> topics_;
    std::vector<NamePattern> streams_;
    std::vector<NamePattern> areas_;
    std::vector<NamePattern> clients_;
    std::optional<CapturePattern> user_;
    std::string text_; // for people: "access.yaml:7: sensor: allow publish to plant/{user}/#"
};

} // namespace holdfast::access
