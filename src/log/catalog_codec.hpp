#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/log/stream.hpp>

namespace holdfast::log {

// The metadata's values, byte by byte in docs/format/log.md. Decoders: corrupt.

[[nodiscard]] Bytes encode_stream(const Stream& stream);
[[nodiscard]] Result<Stream> decode_stream(StreamId id, ByteView value);

struct SpanValue {
    Offset first_offset = 0;
    std::uint64_t bytes = 0;
};
[[nodiscard]] Bytes encode_span(const SpanValue& span);
[[nodiscard]] Result<SpanValue> decode_span(ByteView value);

[[nodiscard]] Bytes encode_offset(Offset offset);
[[nodiscard]] Result<Offset> decode_offset(ByteView value);

// Errors: malformed, naming the setting and its bound.
[[nodiscard]] Result<void> check_settings(const StreamSettings& settings);

} // namespace holdfast::log
