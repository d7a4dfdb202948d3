#include <holdfast/broker/subscription_index.hpp>

#include <algorithm>
#include <cassert>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace holdfast::broker {
namespace {

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
        return std::hash<std::string_view>{}(text);
    }
};

// Cuts the first level off `rest`; `rest` becomes nullopt after the last.
std::string_view take_level(std::optional<std::string_view>& rest) {
    const std::size_t slash = rest->find('/');
    const std::string_view level = rest->substr(0, slash);
    if (slash == std::string_view::npos)
        rest.reset();
    else
        rest = rest->substr(slash + 1);
    return level;
}

} // namespace

// Wildcards are ordinary children named "+" and "#": no topic has a level of that name.
struct SubscriptionIndex::Node {
    std::unordered_map<std::string, std::unique_ptr<Node>, TextHash, std::equal_to<>> children;
    std::vector<Subscription> subscriptions;

    [[nodiscard]] const Node* child(std::string_view level) const {
        const auto found = children.find(level);
        return found == children.end() ? nullptr : found->second.get();
    }
    void give(std::vector<Subscription>& out) const {
        out.insert(out.end(), subscriptions.begin(), subscriptions.end());
    }
    // `first_is_system`: wildcards do not match this level, the topic starts with `$`.
    void match(std::optional<std::string_view> rest, bool first_is_system,
               std::vector<Subscription>& out) const {
        if (!first_is_system) {
            if (const Node* all = child("#")) all->give(out); // also matches the parent level
        }
        if (!rest) {
            give(out);
            return;
        }
        const std::string_view level = take_level(rest);
        if (!first_is_system) {
            if (const Node* any = child("+")) any->match(rest, false, out);
        }
        if (const Node* same = child(level)) same->match(rest, false, out);
    }
    // True where the filter had that session; empty nodes on the way are removed.
    bool remove(std::optional<std::string_view> rest, SessionRef session) {
        if (!rest) {
            const auto found = std::ranges::find(subscriptions, session, &Subscription::session);
            if (found == subscriptions.end()) return false;
            *found = subscriptions.back();
            subscriptions.pop_back();
            return true;
        }
        const auto next = children.find(take_level(rest));
        if (next == children.end() || !next->second->remove(rest, session)) return false;
        if (next->second->children.empty() && next->second->subscriptions.empty())
            children.erase(next);
        return true;
    }
};

SubscriptionIndex::SubscriptionIndex() : root_(std::make_unique<Node>()) {}
SubscriptionIndex::~SubscriptionIndex() = default;

void SubscriptionIndex::subscribe(std::string_view filter, const Subscription& subscription) {
    assert(!filter.empty());
    const std::unique_lock lock(mutex_);
    Node* node = root_.get();
    for (std::optional<std::string_view> rest = filter; rest;) {
        const std::string_view level = take_level(rest);
        auto found = node->children.find(level);
        if (found == node->children.end())
            found = node->children.emplace(std::string(level), std::make_unique<Node>()).first;
        node = found->second.get();
    }
    node->subscriptions.push_back(subscription);
    size_.fetch_add(1, std::memory_order_relaxed);
    version_.fetch_add(1, std::memory_order_release);
}

bool SubscriptionIndex::unsubscribe(std::string_view filter, SessionRef session) {
    const std::unique_lock lock(mutex_);
    if (!root_->remove(filter, session)) return false;
    size_.fetch_sub(1, std::memory_order_relaxed);
    version_.fetch_add(1, std::memory_order_release);
    return true;
}

void SubscriptionIndex::match(std::string_view topic, std::vector<Subscription>& out) const {
    const std::shared_lock lock(mutex_);
    root_->match(topic, topic.starts_with('$'), out);
}

} // namespace holdfast::broker
