#pragma once

#include <holdfast/gateway/http/message.hpp>

#include <span>
#include <string>
#include <string_view>

namespace holdfast::gateway {

struct HostRules {
    std::string_view authority{}; // of a target in absolute form: counts in place of Host
    bool must_have_host = true;   // HTTP/1.0 knows none; no browser speaks it
    bool has_users = false;
    bool is_tls = false;
    std::span<const std::string> hosts{}; // that Host may name, in lower case
};

// Whether a request may have come from a program, or a page of ours: exactly one Host, which we are
// reached by; and if there is an Origin, it is that host, by our scheme. A page on a foreign name
// that was made to resolve to us (DNS rebinding) has its own name in Host.
//
// Without users Host names localhost, 127.0.0.0/8 or [::1], with any port. With users also any
// other IP address, since no name can be made to mean one; one of `hosts`; and over TLS any name,
// since the browser has found it in our certificate.
// Errors: malformed (no Host, several), denied.
[[nodiscard]] Result<void> check_origin(const HttpRequest& request, const HostRules& rules);

} // namespace holdfast::gateway
