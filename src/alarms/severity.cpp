#include <holdfast/alarms/severity.hpp>

namespace holdfast::alarms {

std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
        case Severity::info: return "info";
        case Severity::minor: return "minor";
        case Severity::major: return "major";
        case Severity::critical: return "critical";
    }
    return "?";
}

std::optional<Severity> severity_from(std::string_view name) noexcept {
    // Rules and models were written with it before there were four.
    if (name == "warning") return Severity::minor;
    for (const Severity each :
         {Severity::info, Severity::minor, Severity::major, Severity::critical})
        if (name == to_string(each)) return each;
    return std::nullopt;
}

} // namespace holdfast::alarms
