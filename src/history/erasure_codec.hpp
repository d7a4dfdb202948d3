#pragma once

#include <holdfast/history/device_erasures.hpp>

#include <string>
#include <string_view>

namespace holdfast::history {

// An erasure as it lies in the log's state; docs/format/history.md has the table.
[[nodiscard]] std::string erasure_state_key(StreamId stream, std::string_view device);
[[nodiscard]] std::string encode_erasure(const Erasure& what);
// Errors: corrupt, not_supported (of another version).
[[nodiscard]] Result<Erasure> decode_erasure(std::string_view key, std::string_view value);

} // namespace holdfast::history
