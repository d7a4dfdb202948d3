#pragma once

#include <holdfast/base/bytes.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::record {

// The scalar at a dotted path ("vehicle.vin") of a JSON payload, as text: how a bridge route finds
// a device in the payload. Nothing where the payload is no JSON document or has no text, number or
// boolean there. Thread-safe.
[[nodiscard]] std::optional<std::string> payload_text(ByteView payload, std::string_view path);

} // namespace holdfast::record
