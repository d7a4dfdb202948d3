#include <holdfast/gateway/http/caller.hpp>

namespace holdfast::gateway {

std::shared_ptr<const Caller> everybody() {
    return std::make_shared<const Caller>(
        Caller{{}, access::Policy::unrestricted().rights_of({}), 0});
}

std::string maker_of(const Caller& caller) {
    if (!caller.principal.name.empty()) return caller.principal.name;
    const bool is_operator =
        caller.rights.allows(access::Action::administer, access::Resource::area("users"));
    return std::string(is_operator ? "" : kUnnamedMaker);
}

} // namespace holdfast::gateway
