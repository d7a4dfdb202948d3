#include <holdfast/gateway/http/caller.hpp>

namespace holdfast::gateway {

std::shared_ptr<const Caller> everybody() {
    return std::make_shared<const Caller>(
        Caller{{}, access::Policy::unrestricted().rights_of({}), 0});
}

} // namespace holdfast::gateway
