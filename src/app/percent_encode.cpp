#include "app/percent_encode.hpp"

#include <fmt/format.h>

namespace holdfast::app {

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

} // namespace holdfast::app
