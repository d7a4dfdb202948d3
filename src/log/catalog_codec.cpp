#include "log/catalog_codec.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::log {

namespace {

constexpr std::uint8_t kInternal = 1; // bit of the flags byte

bool is_stream_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

Result<Stream> read_stream(StreamId id, ByteReader reader) {
    Stream stream;
    stream.id = id;
    StreamSettings& settings = stream.settings;
    HF_TRY(const ByteView name, reader.bytes_with_u16_length());
    settings.name = as_text(name);
    HF_TRY(settings.partitions, reader.u32_be());
    HF_TRY(const std::uint64_t retention_ms, reader.u64_be());
    settings.retention_ms = static_cast<std::int64_t>(retention_ms);
    HF_TRY(const std::uint64_t retention_bytes, reader.u64_be());
    settings.retention_bytes = static_cast<std::int64_t>(retention_bytes);
    HF_TRY(const std::uint8_t durability, reader.u8());
    HF_TRY(const std::uint8_t compression, reader.u8());
    HF_TRY(settings.message_bytes_max, reader.u32_be());
    HF_TRY(const std::uint8_t flags, reader.u8());
    HF_TRY(const std::uint64_t created_ms, reader.u64_be());
    if (durability > 1 || compression > 4 || !reader.empty())
        return fail(Errc::malformed, "unknown setting");
    settings.durability = static_cast<Durability>(durability);
    settings.compression = static_cast<record::Compression>(compression);
    settings.internal = (flags & kInternal) != 0;
    stream.created_ms = static_cast<std::int64_t>(created_ms);
    HF_TRY(check_settings(settings));
    return stream;
}

} // namespace

Bytes encode_stream(const Stream& stream) {
    const StreamSettings& settings = stream.settings;
    Bytes value;
    ByteWriter writer(value);
    writer.text_with_u16_length(settings.name);
    writer.u32_be(settings.partitions);
    writer.u64_be(static_cast<std::uint64_t>(settings.retention_ms));
    writer.u64_be(static_cast<std::uint64_t>(settings.retention_bytes));
    writer.u8(static_cast<std::uint8_t>(settings.durability));
    writer.u8(static_cast<std::uint8_t>(settings.compression));
    writer.u32_be(settings.message_bytes_max);
    writer.u8(settings.internal ? kInternal : 0);
    writer.u64_be(static_cast<std::uint64_t>(stream.created_ms));
    return value;
}

Result<Stream> decode_stream(StreamId id, ByteView value) {
    auto stream = read_stream(id, ByteReader(value));
    if (!stream)
        return fail(Errc::corrupt, fmt::format("entry of stream {} in the stream table: {}",
                                               number(id), stream.error().context));
    return stream;
}

Bytes encode_span(const SpanValue& span) {
    Bytes value = encode_offset(span.first_offset);
    ByteWriter(value).u64_be(span.bytes);
    return value;
}

Result<SpanValue> decode_span(ByteView value) {
    if (value.size() != 16) return fail(Errc::corrupt, "a span's value is not 16 bytes long");
    return SpanValue{static_cast<Offset>(load_u64_be(value.data())), load_u64_be(value.data() + 8)};
}

Bytes encode_offset(Offset offset) {
    Bytes value;
    ByteWriter(value).u64_be(static_cast<std::uint64_t>(offset));
    return value;
}

Result<Offset> decode_offset(ByteView value) {
    if (value.size() != 8) return fail(Errc::corrupt, "an offset's value is not 8 bytes long");
    return static_cast<Offset>(load_u64_be(value.data()));
}

Result<void> check_settings(const StreamSettings& settings) {
    const std::string& name = settings.name;
    const auto refuse = [&](std::string_view what) {
        return fail(Errc::malformed, fmt::format("stream '{}': {}", name, what));
    };
    if (name.empty() || name.size() > 249 || name == "." || name == ".." ||
        !std::all_of(name.begin(), name.end(), is_stream_name_char))
        return refuse("a name has 1 to 249 of a-z A-Z 0-9 . _ - and is not \".\" or \"..\"");
    if (settings.partitions < 1 || settings.partitions > 10'000)
        return refuse("partitions must be 1 to 10000");
    if (settings.retention_ms < -1 || settings.retention_ms == 0)
        return refuse("retention time must be positive, or -1 for ever");
    if (settings.retention_bytes < -1 || settings.retention_bytes == 0)
        return refuse("retention bytes must be positive, or -1 for no bound");
    if (settings.message_bytes_max < 1024 || settings.message_bytes_max > (256U << 20U))
        return refuse("the largest message must be 1 KiB to 256 MiB");
    return ok();
}

} // namespace holdfast::log
