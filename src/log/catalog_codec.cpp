#include "log/catalog_codec.hpp"

#include <holdfast/log/stream_settings.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace holdfast::log {

namespace {

// Bits of the flags byte.
constexpr std::uint8_t kInternal = 1;
constexpr std::uint8_t kKeysInPlace = 2; // from format 4 on; before, nobody took note

// Format 2 continues behind the fields of format 1 with the UUID and settings as (number, value).
enum class SettingNumber : std::uint8_t {
    timestamp_type = 1,
    cleanup_policy = 2,
    delete_retention_ms = 3,
    dirty_ratio_min = 4,
};

Result<void> read_setting(StreamSettings& settings, ByteReader& reader) {
    HF_TRY(const std::uint8_t setting, reader.u8());
    HF_TRY(const std::uint64_t value, reader.u64_be());
    switch (static_cast<SettingNumber>(setting)) {
        case SettingNumber::timestamp_type:
            if (value > 1) break;
            settings.timestamp_type = static_cast<TimestampType>(value);
            return ok();
        case SettingNumber::cleanup_policy:
            if (value > 2) break;
            settings.cleanup_policy = static_cast<CleanupPolicy>(value);
            return ok();
        case SettingNumber::delete_retention_ms:
            settings.delete_retention_ms = static_cast<std::int64_t>(value);
            return ok();
        case SettingNumber::dirty_ratio_min:
            settings.dirty_ratio_min = std::bit_cast<double>(value);
            return ok();
    }
    return fail(Errc::malformed, "unknown setting");
}

Result<Stream> read_stream(StreamId id, ByteReader reader, std::uint32_t format) {
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
    if (durability > 1 || compression > 4) return fail(Errc::malformed, "unknown setting");
    settings.durability = static_cast<Durability>(durability);
    settings.compression = static_cast<record::Compression>(compression);
    settings.internal = (flags & kInternal) != 0;
    stream.keys_in_place = format >= 4 && (flags & kKeysInPlace) != 0;
    stream.created_ms = static_cast<std::int64_t>(created_ms);
    if (format >= 2) {
        HF_TRY(const ByteView uuid, reader.take(stream.uuid.size()));
        std::copy(uuid.begin(), uuid.end(), stream.uuid.begin());
        while (!reader.empty()) {
            HF_TRY(read_setting(settings, reader));
        }
    }
    if (!reader.empty()) return fail(Errc::malformed, "more bytes than its format has");
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
    const unsigned flags =
        (settings.internal ? kInternal : 0U) | (stream.keys_in_place ? kKeysInPlace : 0U);
    writer.u8(static_cast<std::uint8_t>(flags));
    writer.u64_be(static_cast<std::uint64_t>(stream.created_ms));
    writer.bytes(stream.uuid);
    const auto put = [&](SettingNumber setting, std::uint64_t bits) {
        writer.u8(static_cast<std::uint8_t>(setting));
        writer.u64_be(bits);
    };
    put(SettingNumber::timestamp_type, static_cast<std::uint64_t>(settings.timestamp_type));
    put(SettingNumber::cleanup_policy, static_cast<std::uint64_t>(settings.cleanup_policy));
    put(SettingNumber::delete_retention_ms,
        static_cast<std::uint64_t>(settings.delete_retention_ms));
    put(SettingNumber::dirty_ratio_min, std::bit_cast<std::uint64_t>(settings.dirty_ratio_min));
    return value;
}

Result<Stream> decode_stream(StreamId id, ByteView value, std::uint32_t format) {
    auto stream = read_stream(id, ByteReader(value), format);
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

Bytes encode_cleaned(const CleanedValue& cleaned) {
    Bytes value = encode_offset(cleaned.first_dirty_offset);
    ByteWriter(value).u64_be(cleaned.bytes);
    return value;
}

Result<CleanedValue> decode_cleaned(ByteView value) {
    if (value.size() != 16)
        return fail(Errc::corrupt, "what is said of a compaction is not 16 bytes long");
    return CleanedValue{static_cast<Offset>(load_u64_be(value.data())),
                        load_u64_be(value.data() + 8)};
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

} // namespace holdfast::log
