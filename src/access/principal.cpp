#include <holdfast/access/principal.hpp>

namespace holdfast::access {

std::string_view to_string(PrincipalKind kind) noexcept {
    switch (kind) {
        case PrincipalKind::anonymous: return "anonymous";
        case PrincipalKind::user: return "user";
        case PrincipalKind::token: return "token";
        case PrincipalKind::certificate: return "certificate";
    }
    return "unknown";
}

} // namespace holdfast::access
