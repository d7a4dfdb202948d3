#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <cstddef>
#include <string_view>

namespace holdfast::load {

// An encoded PUBLISH whose packet id (QoS 1: two bytes) and payload are patched in place.
struct PublishTemplate {
    Bytes bytes;
    std::size_t packet_id_at = 0;
    std::size_t payload_at = 0;
};

[[nodiscard]] PublishTemplate make_publish(mqtt::Version version, std::string_view topic,
                                           mqtt::Qos qos, ByteView payload);

} // namespace holdfast::load
