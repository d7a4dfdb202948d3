#include <holdfast/access/audit_event.hpp>

namespace holdfast::access {

std::string_view to_string(AuditOutcome outcome) noexcept {
    switch (outcome) {
        case AuditOutcome::done: return "done";
        case AuditOutcome::refused: return "refused";
        case AuditOutcome::failed: return "failed";
    }
    return "unknown";
}

} // namespace holdfast::access
