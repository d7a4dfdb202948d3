#pragma once

#include <holdfast/access/policy.hpp>
#include <holdfast/access/principal.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::gateway {

// Who sent a request, and what he might do when it came. Immutable, shared by all that serve it.
struct Caller {
    access::Principal principal;
    access::Rights rights;
    std::uint64_t version = 0; // of users and rights (identity::Authenticator)
};

// Whose a rule or a model is that the caller makes, as it is stored with it: his name. Empty where
// he may do everything and says no name: the operator. kUnnamedMaker, which is no user's name,
// where he says none and may not.
inline constexpr std::string_view kUnnamedMaker = ":anonymous";
[[nodiscard]] std::string maker_of(const Caller& caller);

// Where there are no users: nobody in particular, who may do everything.
[[nodiscard]] std::shared_ptr<const Caller> everybody();

} // namespace holdfast::gateway
