#pragma once

#include <cstdint>

namespace holdfast::gateway {

// What one MQTT client may send in a second; 0 = any number.
struct InputLimits {
    std::uint64_t messages_per_s = 0; // PUBLISH packets
    std::uint64_t bytes_per_s = 0;    // of all packets

    [[nodiscard]] bool is_on() const noexcept { return messages_per_s != 0 || bytes_per_s != 0; }
};

} // namespace holdfast::gateway
