#include <holdfast/base/result.hpp>

namespace holdfast {

std::string_view to_string(Errc code) noexcept {
    switch (code) {
        case Errc::malformed: return "malformed";
        case Errc::not_supported: return "not_supported";
        case Errc::limit_exceeded: return "limit_exceeded";
        case Errc::too_large: return "too_large";
        case Errc::not_found: return "not_found";
        case Errc::already_exists: return "already_exists";
        case Errc::denied: return "denied";
        case Errc::corrupt: return "corrupt";
        case Errc::io: return "io";
        case Errc::no_space: return "no_space";
        case Errc::closed: return "closed";
        case Errc::out_of_order: return "out_of_order";
        case Errc::fenced: return "fenced";
    }
    return "unknown";
}

} // namespace holdfast
