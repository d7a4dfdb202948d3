#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/access/principal.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::gateway {

// Who sent a request, and what he might do when it came. Immutable, shared by all that serve it.
struct Caller {
    access::Principal principal;
    access::Rights rights;
    std::uint64_t version = 0; // of users and rights (identity::Authenticator)
};

// Where there are no users: nobody in particular, who may do everything.
[[nodiscard]] std::shared_ptr<const Caller> everybody();

} // namespace holdfast::gateway
