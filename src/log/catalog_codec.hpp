#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/log/stream.hpp>

namespace holdfast::log {

// The metadata's values, byte by byte in docs/format/log.md. Decoders: corrupt.

[[nodiscard]] Bytes encode_stream(const Stream& stream);
// `format` is the version that the value was written in.
[[nodiscard]] Result<Stream> decode_stream(StreamId id, ByteView value, std::uint32_t format);

struct SpanValue {
    Offset first_offset = 0;
    std::uint64_t bytes = 0;
};
[[nodiscard]] Bytes encode_span(const SpanValue& span);
[[nodiscard]] Result<SpanValue> decode_span(ByteView value);

struct CleanedValue {
    Offset first_dirty_offset = 0;
    std::uint64_t bytes = 0; // that lay below it
};
[[nodiscard]] Bytes encode_cleaned(const CleanedValue& cleaned);
[[nodiscard]] Result<CleanedValue> decode_cleaned(ByteView value);

[[nodiscard]] Bytes encode_offset(Offset offset);
[[nodiscard]] Result<Offset> decode_offset(ByteView value);

} // namespace holdfast::log
