#include <holdfast/identity/administrators.hpp>

#include <algorithm>

namespace holdfast::identity {

bool has_administrator(const access::Policy& policy, const Users& users) {
    return std::ranges::any_of(users.users, [&](const User& user) {
        if (user.is_disabled || user.password_hash.empty() || user.roles.empty()) return false;
        access::Principal principal;
        principal.name = user.name;
        principal.kind = access::PrincipalKind::user;
        principal.roles = user.roles;
        return policy.rights_of(principal).allows(access::Action::administer,
                                                  access::Resource::area("users"));
    });
}

} // namespace holdfast::identity
