#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/column/value.hpp>

namespace holdfast::history {

// One value in few bytes, with its type and every bit: a tag, and behind it what the tag says.
// Short decimals take two to five bytes. The layout is in docs/format/history.md.
void write_value(const column::Value& value, Bytes& out);
// Text is borrowed from the bytes. malformed where they are no value.
[[nodiscard]] Result<column::Value> read_value(ByteReader& in);

} // namespace holdfast::history
