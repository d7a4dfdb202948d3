#include "app/parts/listening_line.hpp"

#include <fmt/format.h>

namespace holdfast::app {

std::string listener_name(std::string_view protocol, std::string_view address, std::uint16_t port) {
    const bool is_v6 = address.find(':') != std::string_view::npos;
    return is_v6 ? fmt::format("{} [{}]:{}", protocol, address, port)
                 : fmt::format("{} {}:{}", protocol, address, port);
}

std::string listening_line(std::string_view name, std::string_view address, std::uint16_t port) {
    return "listening " + listener_name(name, address, port);
}

} // namespace holdfast::app
