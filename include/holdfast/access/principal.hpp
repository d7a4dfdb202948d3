#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::access {

// How somebody was recognised.
enum class PrincipalKind : std::uint8_t {
    anonymous,   // nobody said who they are, and the listener takes that
    user,        // a name with a password, or a cookie session that followed one
    token,       // an API token; `name` is the token's owner
    certificate, // a client certificate; `name` is the user it stands for
};
[[nodiscard]] std::string_view to_string(PrincipalKind kind) noexcept;

// Who asks. Everything in it was proven or seen by the door, except `client_id`, which the client
// chose: it becomes part of a right only where a rule says `{client}`.
struct Principal {
    std::string name; // empty: anonymous
    PrincipalKind kind = PrincipalKind::anonymous;
    std::vector<std::string> roles;
    std::string client_id;   // MQTT; empty elsewhere
    std::string address;     // of the peer, without its port
    std::string common_name; // of its certificate: its CN or SAN; empty without one
    std::string token_id;    // of the token it came with; empty without one
    // Of the password that it, or the sign-in before, came with (identity::password_id()); else 0.
    std::uint64_t password_id = 0;

    friend bool operator==(const Principal&, const Principal&) = default;
};

} // namespace holdfast::access
