#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::app {

// `mqtts 0.0.0.0:8883`; an IPv6 address in brackets.
[[nodiscard]] std::string listener_name(std::string_view protocol, std::string_view address,
                                        std::uint16_t port);
// `listening mqtt 127.0.0.1:1883`.
[[nodiscard]] std::string listening_line(std::string_view name, std::string_view address,
                                         std::uint16_t port);

} // namespace holdfast::app
