#include <holdfast/access/action.hpp>

#include <algorithm>
#include <array>

namespace holdfast::access {
namespace {

constexpr std::array<Action, kActionCount> kActions{
    Action::connect, Action::publish, Action::subscribe, Action::read,
    Action::write,   Action::manage,  Action::administer};

// What the router and the doors name. A name that is not here cannot be given a right, so a typing
// mistake in access.yaml stops the start instead of silently giving nothing.
constexpr std::array<std::string_view, 12> kAreas{"alarms",    "audit",  "backup", "clients",
                                                  "devices",   "groups", "models", "metrics",
                                                  "notebooks", "query",  "rules",  "users"};

} // namespace

std::string_view to_string(Action action) noexcept {
    switch (action) {
        case Action::connect: return "connect";
        case Action::publish: return "publish";
        case Action::subscribe: return "subscribe";
        case Action::read: return "read";
        case Action::write: return "write";
        case Action::manage: return "manage";
        case Action::administer: return "administer";
    }
    return "unknown";
}

std::optional<Action> parse_action(std::string_view text) noexcept {
    for (const Action action : kActions)
        if (to_string(action) == text) return action;
    return std::nullopt;
}

std::string_view to_string(ResourceKind kind) noexcept {
    switch (kind) {
        case ResourceKind::client_id: return "client id";
        case ResourceKind::topic: return "topic";
        case ResourceKind::topic_filter: return "topic filter";
        case ResourceKind::stream: return "stream";
        case ResourceKind::area: return "area";
    }
    return "unknown";
}

bool fits(Action action, ResourceKind kind) noexcept {
    switch (action) {
        case Action::connect: return kind == ResourceKind::client_id;
        case Action::publish:
        case Action::subscribe:
            return kind == ResourceKind::topic || kind == ResourceKind::topic_filter;
        case Action::read:
        case Action::write:
        case Action::manage: return kind == ResourceKind::stream || kind == ResourceKind::area;
        case Action::administer: return kind == ResourceKind::area;
    }
    return false;
}

std::span<const Action> actions() noexcept {
    return kActions;
}

std::span<const std::string_view> areas() noexcept {
    return kAreas;
}

bool is_area(std::string_view name) noexcept {
    return std::ranges::find(kAreas, name) != kAreas.end();
}

} // namespace holdfast::access
