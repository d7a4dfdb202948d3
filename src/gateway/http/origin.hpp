#pragma once

#include <holdfast/gateway/http/message.hpp>

#include <string_view>

namespace holdfast::gateway {

struct HostRules {
    std::string_view authority{}; // of a target in absolute form: counts in place of Host
    bool must_have_host = true;   // HTTP/1.0 knows none; no browser speaks it
};

// Whether a request may have come from a program or page of this machine: exactly one Host, which
// names localhost, 127.0.0.0/8 or [::1], with any port; and if there is an Origin, it is that host.
// A page on a foreign name that was made to resolve to us (DNS rebinding) has its own name in Host.
// Errors: malformed (no Host, several), denied.
[[nodiscard]] Result<void> check_origin(const HttpRequest& request, const HostRules& rules);

} // namespace holdfast::gateway
