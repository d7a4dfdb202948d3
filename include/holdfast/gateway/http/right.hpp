#pragma once

#include <holdfast/access/action.hpp>
#include <holdfast/access/policy.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/gateway/http/message.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// What a route asks of whoever calls it: an action, and where the resource is named. A route cannot
// be written without one.
class Right {
public:
    enum class Kind : std::uint8_t {
        open,       // nobody is asked who they are
        signed_in,  // whoever the listener takes; it shows nothing but what it is made of
        area,       // `name` is the area
        stream,     // `name` is the capture that names it
        topic,      // the same
        by_handler, // resources stand in the body: the handler asks for each of them
    };

    // `why` is for whoever reads the route: what is open must have a reason.
    [[nodiscard]] static Right open(std::string_view why);
    [[nodiscard]] static Right signed_in();
    // `name` is one of access::is_area(). Asserted, as all that follows, when the route is added.
    [[nodiscard]] static Right area(access::Action action, std::string_view name);
    [[nodiscard]] static Right stream(access::Action action, std::string_view capture);
    [[nodiscard]] static Right topic(access::Action action, std::string_view capture);
    // The handler checks `action` on resources of `kind`.
    [[nodiscard]] static Right by_handler(access::Action action, access::ResourceKind kind);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    [[nodiscard]] access::Action action() const noexcept { return action_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    // "open", "read area alarms", "write stream {name}", "publish topic by the handler".
    [[nodiscard]] std::string text() const;

    // denied, with action, resource and rule, where the route's own resource is refused. What the
    // handler checks passes here.
    [[nodiscard]] Result<void> check(const access::Rights& rights,
                                     const HttpRequest& request) const;

private:
    Right(Kind kind, access::Action action, access::ResourceKind resource, std::string_view name)
        : kind_(kind), action_(action), resource_(resource), name_(name) {}

    Kind kind_;
    access::Action action_;         // of no meaning where open or signed_in
    access::ResourceKind resource_; // the same
    std::string name_;              // an area, a capture, or why it is open
};

// The one text of a refusal: "publish of topic 'a/b' is denied: no rule allows it".
[[nodiscard]] Result<void> check_right(const access::Rights& rights, access::Action action,
                                       const access::Resource& resource);

} // namespace holdfast::gateway
