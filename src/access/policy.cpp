#include <holdfast/access/policy.hpp>

#include "access/rule.hpp"

#include <holdfast/access/audit_event.hpp>

#include <algorithm>
#include <iterator>

namespace holdfast::access {

struct Roles {
    struct Role {
        std::string name;
        std::vector<Rule> rules;
    };
    std::vector<Role> roles;
    config::AccessFile file;
    bool is_unrestricted = false;

    [[nodiscard]] const Role* find(std::string_view name) const noexcept {
        const auto at = std::ranges::find(roles, name, &Role::name);
        return at == roles.end() ? nullptr : &*at;
    }
};

struct BoundRules {
    std::shared_ptr<const Roles> roles; // whose texts the rules borrow
    std::vector<BoundRule> rules;       // those that deny first
};

namespace {

struct Verdict {
    bool is_allowed;
    const BoundRule* rule; // null: none fits
};

Verdict judge(const BoundRules& bound, Action action, const Resource& resource) noexcept {
    if (bound.roles->is_unrestricted) return {true, nullptr};
    // An action that cannot be done to such a resource is a mistake of the door that asks: it gets
    // no right out of it, not even one of `allow: all`.
    if (!fits(action, resource.kind)) return {false, nullptr};
    const bool is_audit = resource.kind == ResourceKind::stream && resource.name == kAuditStream;
    const Resource asked = is_audit ? Resource::area(kAuditStream) : resource;
    for (const BoundRule& rule : bound.rules)
        if (rule.applies(action, asked) ||
            (is_audit && rule.is_deny && rule.applies(action, resource)))
            return {!rule.is_deny, &rule};
    return {false, nullptr};
}

template <class Bound>
std::vector<std::string> texts_of(const std::vector<Bound>& patterns) {
    std::vector<std::string> texts;
    for (const Bound& pattern : patterns) texts.push_back(pattern.pattern());
    return texts;
}

} // namespace

Decision Rights::decide(Action action, const Resource& resource) const {
    const Verdict verdict = judge(*rules_, action, resource);
    if (verdict.rule != nullptr) return {verdict.is_allowed, std::string(verdict.rule->text)};
    return {verdict.is_allowed,
            verdict.is_allowed ? "no users are configured" : "no rule allows it"};
}

bool Rights::allows(Action action, const Resource& resource) const {
    return judge(*rules_, action, resource).is_allowed;
}

std::vector<Grant> Rights::grants() const {
    std::vector<Grant> grants;
    if (rules_->roles->is_unrestricted) {
        grants.emplace_back().is_all = true;
        return grants;
    }
    for (const BoundRule& rule : rules_->rules) {
        Grant& grant = grants.emplace_back();
        grant.is_deny = rule.is_deny;
        grant.is_all = rule.is_all;
        if (rule.is_all) continue;
        for (const Action action : actions())
            if (rule.has(action)) grant.actions.push_back(action);
        grant.topics = texts_of(rule.topics);
        grant.streams = texts_of(rule.streams);
        grant.areas = texts_of(rule.areas);
        grant.clients = texts_of(rule.clients);
    }
    return grants;
}

Result<Policy> Policy::make(const config::AccessFile& file) {
    auto roles = std::make_shared<Roles>();
    roles->file = file;
    for (const config::AccessRole& from : file.roles) {
        Roles::Role& role = roles->roles.emplace_back();
        role.name = from.name;
        for (const config::AccessRule& rule : from.rules) {
            HF_TRY(Rule compiled, Rule::compile(rule, role.name));
            role.rules.push_back(std::move(compiled));
        }
    }
    return Policy(std::move(roles));
}

Policy Policy::unrestricted() {
    auto roles = std::make_shared<Roles>();
    roles->is_unrestricted = true;
    return Policy(std::move(roles));
}

bool Policy::is_unrestricted() const noexcept {
    return roles_->is_unrestricted;
}

bool Policy::has_role(std::string_view name) const noexcept {
    return roles_->find(name) != nullptr;
}

std::vector<std::string> Policy::role_names() const {
    std::vector<std::string> names;
    for (const Roles::Role& role : roles_->roles) names.push_back(role.name);
    return names;
}

const config::AccessFile& Policy::file() const noexcept {
    return roles_->file;
}

const std::vector<std::string>& Policy::anonymous_roles() const noexcept {
    return roles_->file.anonymous;
}

Rights Policy::rights_of(const Principal& principal) const {
    auto bound = std::make_shared<BoundRules>();
    bound->roles = roles_;
    std::vector<BoundRule> allowing;
    for (const std::string& name : principal.roles) {
        const Roles::Role* role = roles_->find(name);
        if (role == nullptr) continue;
        for (const Rule& rule : role->rules) {
            auto one = rule.bind(principal);
            if (one) (one->is_deny ? bound->rules : allowing).push_back(std::move(*one));
        }
    }
    // The first that fits decides, so what denies stands before what allows.
    std::ranges::move(allowing, std::back_inserter(bound->rules));
    return Rights(std::move(bound));
}

Decision decide(const Policy& policy, const Principal& principal, Action action,
                const Resource& resource) {
    return policy.rights_of(principal).decide(action, resource);
}

} // namespace holdfast::access
