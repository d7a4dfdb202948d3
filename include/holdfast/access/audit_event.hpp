#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::access {

// The server's record of who did what (docs/format/audit.md). Read with the right `read area audit`
// and no other: see Rights::decide().
inline constexpr std::string_view kAuditStream = "audit";

enum class AuditOutcome : std::uint8_t {
    done,
    refused, // by a right, a wrong secret, a limit
    failed,  // allowed, and yet it did not come to pass
};
[[nodiscard]] std::string_view to_string(AuditOutcome outcome) noexcept;

// Something that somebody did, or tried. No member ever holds a secret.
struct AuditEvent {
    std::string actor;    // the user, also one that was only claimed; empty: nobody in particular
    std::string address;  // of the peer, without its port; empty: the machine itself
    std::string action;   // "login", "mqtt connect", "PATCH /api/v1/users/{name}"
    std::string resource; // what it was done to; empty: nothing in particular
    AuditOutcome outcome = AuditOutcome::done;
    std::string detail; // what changed, or why it did not; for people
};

// Where events go. Wired by app. Thread-safe; it must not block.
class AuditSink {
public:
    virtual ~AuditSink() = default;
    virtual void note(AuditEvent event) = 0;
};

} // namespace holdfast::access
