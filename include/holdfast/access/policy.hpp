#pragma once

#include <holdfast/access/action.hpp>
#include <holdfast/access/principal.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/config/access_file.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::access {

struct Decision {
    bool is_allowed = false;
    // The rule that made it, as its file has it: "access.yaml:7: sensor: allow publish to
    // plant/{user}/#". Where no rule fits: "no rule allows it".
    std::string rule;
};

// A rule of one principal with its values put in, for people.
struct Grant {
    bool is_deny = false;
    bool is_all = false; // every action on every resource; then the rest is empty
    std::vector<Action> actions;
    std::vector<std::string> topics;  // patterns, with `+` and `#`
    std::vector<std::string> streams; // names, in which `*` is any text; as all that follow
    std::vector<std::string> areas;
    std::vector<std::string> clients;
};

struct BoundRules; // src/access

// What one principal may do: the rules of its roles with its name, client id and captures put in.
// Immutable and cheap to copy; thread-safe. It stays what it was when the policy changes: whoever
// keeps one asks the new policy for another.
class Rights {
public:
    explicit Rights(std::shared_ptr<const BoundRules> rules) noexcept : rules_(std::move(rules)) {}

    // Deny wins, and nothing matching denies. A topic filter is allowed only if one rule allows
    // every topic that it can match and no denied topic is among them. Cost: linear in the rules of
    // the principal's roles. The stream `audit` is asked for as the area of that name: no rule over
    // streams gives it, `*` least of all, but one that denies it counts.
    [[nodiscard]] Decision decide(Action action, const Resource& resource) const;
    // The same without the text and without allocation, for the paths that ask for each new topic.
    [[nodiscard]] bool allows(Action action, const Resource& resource) const;
    // What decides, in that order: those that deny first.
    [[nodiscard]] std::vector<Grant> grants() const;

private:
    std::shared_ptr<const BoundRules> rules_; // never null
};

struct Roles; // src/access

// Roles and their rules: what access.yaml says, compiled. Immutable, thread-safe.
class Policy {
public:
    // malformed, with `file:line` of the rule and what is wrong with it: an unknown action,
    // placeholder or area, a resource that no action of the rule can be done to, a rule that names
    // nothing to do it to.
    [[nodiscard]] static Result<Policy> make(const config::AccessFile& file);
    // Without users: everybody may do everything. Only loopback listeners open then.
    [[nodiscard]] static Policy unrestricted();

    [[nodiscard]] bool is_unrestricted() const noexcept;
    [[nodiscard]] bool has_role(std::string_view name) const noexcept;
    [[nodiscard]] std::vector<std::string> role_names() const; // in the file's order
    // What it was made of, to be shown. Empty where it is unrestricted.
    [[nodiscard]] const config::AccessFile& file() const noexcept;
    // What clients without a name get, where a listener takes them.
    [[nodiscard]] const std::vector<std::string>& anonymous_roles() const noexcept;

    // A role that the policy does not know gives nothing.
    [[nodiscard]] Rights rights_of(const Principal& principal) const;

private:
    explicit Policy(std::shared_ptr<const Roles> roles) noexcept : roles_(std::move(roles)) {}

    std::shared_ptr<const Roles> roles_; // never null
};

// The one evaluator behind every door.
[[nodiscard]] Decision decide(const Policy& policy, const Principal& principal, Action action,
                              const Resource& resource);

} // namespace holdfast::access
