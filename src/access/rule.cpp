#include "access/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace holdfast::access {
namespace {

constexpr std::uint8_t kAllActions = (1U << kActionCount) - 1;

constexpr std::uint8_t bit(Action action) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(action));
}

Error at(const config::AccessRule& rule, std::string_view reason) {
    return fail(Errc::malformed, fmt::format("{}: {}", rule.where, reason));
}

Result<std::uint8_t> read_actions(const config::AccessRule& rule) {
    std::uint8_t actions = 0;
    for (const std::string& name : rule.actions) {
        if (name == "all") {
            actions = kAllActions;
            continue;
        }
        const auto action = parse_action(name);
        if (!action)
            return at(rule, fmt::format("'{}' is no action: connect, publish, subscribe, read, "
                                        "write, manage, administer or all",
                                        name));
        actions |= bit(*action);
    }
    if (actions == 0) return at(rule, "a rule has at least one action");
    return actions;
}

// The rule as one line, without its directory: a refusal is read by people.
std::string describe(const config::AccessRule& rule, std::string_view role) {
    std::vector<std::string> names;
    for (const auto* list : {&rule.topics, &rule.streams, &rule.areas, &rule.clients})
        names.insert(names.end(), list->begin(), list->end());
    const std::size_t slash = rule.where.find_last_of('/');
    return fmt::format("{}: {}: {} {}{}{}{}",
                       slash == std::string::npos ? rule.where : rule.where.substr(slash + 1), role,
                       rule.is_deny ? "deny" : "allow", fmt::join(rule.actions, ", "),
                       names.empty() ? "" : " to ", fmt::join(names, ", "),
                       rule.user.empty() ? "" : " for " + rule.user);
}

template <class Bound>
bool any_matches(const std::vector<Bound>& patterns, std::string_view name) noexcept {
    return std::ranges::any_of(patterns, [&](const Bound& p) { return p.matches(name); });
}

// Allow lists shrink where a value is missing. Names of denied things cannot be widened piece by
// piece as topics can, so a deny that cannot be put together denies its whole kind.
void bind_names(const std::vector<NamePattern>& from, const Values& values, bool is_deny,
                std::vector<BoundName>& to) {
    for (const NamePattern& pattern : from) {
        if (auto name = pattern.bind(values))
            to.push_back(std::move(*name));
        else if (is_deny)
            to.emplace_back(std::vector<std::string>(2)); // `*`
    }
}

} // namespace

bool BoundRule::has(Action action) const noexcept {
    return (actions & bit(action)) != 0;
}

bool BoundRule::applies(Action action, const Resource& resource) const noexcept {
    if (!has(action)) return false;
    if (is_all) return true;
    switch (resource.kind) {
        case ResourceKind::client_id: return any_matches(clients, resource.name);
        case ResourceKind::topic: return any_matches(topics, resource.name);
        case ResourceKind::stream: return any_matches(streams, resource.name);
        case ResourceKind::area: return any_matches(areas, resource.name);
        case ResourceKind::topic_filter:
            return std::ranges::any_of(topics, [&](const BoundTopic& topic) {
                return is_deny ? topic.overlaps(resource.name) : topic.covers(resource.name);
            });
    }
    return false;
}

Result<Rule> Rule::compile(const config::AccessRule& rule, std::string_view role) {
    Rule out;
    out.is_deny_ = rule.is_deny;
    HF_TRY(out.actions_, read_actions(rule));
    if (!rule.user.empty()) {
        auto user = CapturePattern::parse(rule.user);
        if (!user) return at(rule, "user: " + user.error().context);
        out.user_ = std::move(user).value();
    }
    HF_TRY(out.read_resources(rule));
    out.is_all_ = out.actions_ == kAllActions && out.topics_.empty() && out.streams_.empty() &&
                  out.areas_.empty() && out.clients_.empty();
    if (!out.is_all_) {
        HF_TRY(out.check_resources(rule));
    }
    out.text_ = describe(rule, role);
    return out;
}

Result<void> Rule::read_resources(const config::AccessRule& rule) {
    std::vector<std::string_view> names{"user", "client", "cn"};
    if (user_ && !user_->capture_name().empty()) names.push_back(user_->capture_name());
    for (const std::string& text : rule.topics) {
        auto topic = TopicRight::parse(text, names);
        if (!topic) return at(rule, "topics: " + topic.error().context);
        topics_.push_back(std::move(topic).value());
    }
    const auto read = [&](const std::vector<std::string>& texts, std::string_view key,
                          std::vector<NamePattern>& to) -> Result<void> {
        for (const std::string& text : texts) {
            auto name = NamePattern::parse(text, true, names);
            if (!name) return at(rule, fmt::format("{}: {}", key, name.error().context));
            to.push_back(std::move(name).value());
        }
        return ok();
    };
    HF_TRY(read(rule.streams, "streams", streams_));
    HF_TRY(read(rule.clients, "clients", clients_));
    HF_TRY(read(rule.areas, "areas", areas_));
    for (const std::string& area : rule.areas)
        if (area != "*" && !is_area(area))
            return at(rule, fmt::format("areas: there is no area '{}'", area));
    return ok();
}

// A rule that can never speak about anything, or speaks about less than it seems to, is a mistake:
// silently it would open or close a door that somebody thinks is the other way.
Result<void> Rule::check_resources(const config::AccessRule& rule) const {
    struct Named {
        std::string_view key;
        bool is_given;
        ResourceKind kind;
    };
    const std::array<Named, 4> named{{{"topics", !topics_.empty(), ResourceKind::topic},
                                      {"streams", !streams_.empty(), ResourceKind::stream},
                                      {"areas", !areas_.empty(), ResourceKind::area},
                                      {"clients", !clients_.empty(), ResourceKind::client_id}}};
    for (unsigned i = 0; i < kActionCount; ++i) {
        const auto action = static_cast<Action>(i);
        if ((actions_ & bit(action)) == 0) continue;
        if (std::ranges::none_of(
                named, [&](const Named& n) { return n.is_given && fits(action, n.kind); }))
            return at(rule,
                      fmt::format("names nothing to {}: {}", to_string(action),
                                  action == Action::connect            ? "`clients`"
                                  : fits(action, ResourceKind::topic)  ? "`topics`"
                                  : fits(action, ResourceKind::stream) ? "`streams` or `areas`"
                                                                       : "`areas`"));
    }
    for (const Named& n : named) {
        bool is_used = false;
        for (unsigned i = 0; i < kActionCount; ++i)
            is_used |= (actions_ & bit(static_cast<Action>(i))) != 0 &&
                       fits(static_cast<Action>(i), n.kind);
        if (n.is_given && !is_used)
            return at(rule, fmt::format("{}: no action of the rule can be done to one", n.key));
    }
    return ok();
}

std::optional<BoundRule> Rule::bind(const Principal& principal) const {
    Values values{principal.name, principal.client_id, principal.common_name, {}};
    if (user_) {
        const auto capture = user_->match(principal.name);
        if (!capture) return std::nullopt;
        values.capture = *capture;
    }
    BoundRule bound;
    bound.is_deny = is_deny_;
    bound.is_all = is_all_;
    bound.actions = actions_;
    bound.text = text_;
    for (const TopicRight& topic : topics_)
        if (auto right = topic.bind(values, is_deny_)) bound.topics.push_back(std::move(*right));
    bind_names(streams_, values, is_deny_, bound.streams);
    bind_names(areas_, values, is_deny_, bound.areas);
    bind_names(clients_, values, is_deny_, bound.clients);
    return bound;
}

} // namespace holdfast::access
