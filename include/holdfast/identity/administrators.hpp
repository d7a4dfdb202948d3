#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/identity/users.hpp>

namespace holdfast::identity {

// Whether there is somebody who can change users: active, with a password, and with a role that may
// administer the area `users`. Tokens do not count, as they expire and are revoked. Cost: linear in
// the users up to the first.
[[nodiscard]] bool has_administrator(const access::Policy& policy, const Users& users);

} // namespace holdfast::identity
