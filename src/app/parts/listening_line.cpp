#include "app/parts/listening_line.hpp"

#include <fmt/format.h>

namespace holdfast::app {

std::string listening_line(std::string_view name, std::string_view address, std::uint16_t port) {
    const bool is_v6 = address.find(':') != std::string_view::npos;
    return is_v6 ? fmt::format("listening {} [{}]:{}", name, address, port)
                 : fmt::format("listening {} {}:{}", name, address, port);
}

} // namespace holdfast::app
