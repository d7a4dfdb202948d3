#include <holdfast/gateway/http/right.hpp>

#include <fmt/format.h>

#include <cassert>

namespace holdfast::gateway {

using access::Action;
using access::Resource;
using access::ResourceKind;

Right Right::open(std::string_view why) {
    assert(!why.empty());
    return {Kind::open, Action::read, ResourceKind::area, why};
}

Right Right::signed_in() {
    return {Kind::signed_in, Action::read, ResourceKind::area, ""};
}

Right Right::area(Action action, std::string_view name) {
    assert(access::is_area(name) && access::fits(action, ResourceKind::area));
    return {Kind::area, action, ResourceKind::area, name};
}

Right Right::stream(Action action, std::string_view capture) {
    assert(access::fits(action, ResourceKind::stream));
    return {Kind::stream, action, ResourceKind::stream, capture};
}

Right Right::topic(Action action, std::string_view capture) {
    assert(access::fits(action, ResourceKind::topic));
    return {Kind::topic, action, ResourceKind::topic, capture};
}

Right Right::by_handler(Action action, ResourceKind kind) {
    assert(access::fits(action, kind));
    return {Kind::by_handler, action, kind, ""};
}

std::string Right::text() const {
    const auto action = access::to_string(action_);
    const auto resource = access::to_string(resource_);
    switch (kind_) {
        case Kind::open: return "open";
        case Kind::signed_in: return "signed in";
        case Kind::area: return fmt::format("{} {} {}", action, resource, name_);
        case Kind::stream:
        case Kind::topic: return fmt::format("{} {} {{{}}}", action, resource, name_);
        case Kind::by_handler: return fmt::format("{} {} by the handler", action, resource);
    }
    return "unknown";
}

Result<void> Right::check(const access::Rights& rights, const HttpRequest& request) const {
    switch (kind_) {
        case Kind::open:
        case Kind::signed_in:
        case Kind::by_handler: return ok();
        case Kind::area: return check_right(rights, action_, Resource::area(name_));
        case Kind::stream:
        case Kind::topic:
            return check_right(rights, action_, Resource{resource_, request.capture(name_)});
    }
    return fail(Errc::denied, "the route has no right");
}

Result<void> check_right(const access::Rights& rights, Action action, const Resource& resource) {
    if (rights.allows(action, resource)) return ok();
    return fail(Errc::denied, fmt::format("{} of {} '{}' is denied: {}", access::to_string(action),
                                          access::to_string(resource.kind), resource.name,
                                          rights.decide(action, resource).rule));
}

} // namespace holdfast::gateway
