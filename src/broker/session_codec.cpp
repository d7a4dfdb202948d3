#include "broker/session_codec.hpp"

#include <fmt/format.h>

namespace holdfast::broker {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kOwnedFormat = 2;    // of a session that has an owner
constexpr std::size_t kPrefixBytes = 1 + 8; // kind and id

// Bits of a subscription's options. On disk.
constexpr std::uint8_t kQosBits = 0x03;
constexpr std::uint8_t kNoLocal = 0x04;
constexpr std::uint8_t kRetainAsPublished = 0x08;
constexpr std::uint8_t kIsV5 = 0x10;

std::string text_of(const Bytes& bytes) {
    return std::string(as_text(bytes));
}

// Runs a decoder; whatever it finds wrong is damage.
template <class Decode>
auto checked(const char* what, std::string_view value, Decode decode)
    -> decltype(decode(std::declval<ByteReader&>())) {
    ByteReader reader(as_bytes(value));
    auto decoded = decode(reader);
    if (!decoded || !reader.empty())
        return fail(Errc::corrupt, fmt::format("the record of a {} is damaged", what));
    return decoded;
}

Result<void> check_format(ByteReader& reader) {
    HF_TRY(const std::uint8_t format, reader.u8());
    if (format != kFormat) return fail(Errc::malformed, "");
    return ok();
}

void write_text(ByteWriter& writer, std::string_view text) {
    writer.u32_be(static_cast<std::uint32_t>(text.size()));
    writer.text(text);
}

Result<std::string> read_text(ByteReader& reader) {
    HF_TRY(const std::uint32_t size, reader.u32_be());
    HF_TRY(const ByteView bytes, reader.take(size));
    return std::string(as_text(bytes));
}

} // namespace

std::string session_key(std::string_view client_id) {
    return std::string(1, static_cast<char>(SessionKey::session)) + std::string(client_id);
}

std::string damaged_key(std::string_view client_id) {
    return std::string(1, static_cast<char>(SessionKey::damaged)) + std::string(client_id);
}

std::string key_prefix(SessionKey kind, std::uint64_t id) {
    Bytes key;
    ByteWriter writer(key);
    writer.u8(static_cast<std::uint8_t>(kind));
    writer.u64_be(id);
    return text_of(key);
}

std::string subscription_key(std::uint64_t id, std::string_view filter) {
    return key_prefix(SessionKey::subscription, id).append(filter);
}

std::string chunk_key(std::uint64_t id, std::uint64_t number) {
    Bytes tail;
    ByteWriter(tail).u64_be(number);
    return key_prefix(SessionKey::chunk, id).append(as_text(tail));
}

std::string packet_key(SessionKey kind, std::uint64_t id, std::uint16_t packet_id) {
    Bytes tail;
    ByteWriter(tail).u16_be(packet_id);
    return key_prefix(kind, id).append(as_text(tail));
}

Result<std::uint64_t> session_id_of(std::string_view key) {
    if (key.size() < kPrefixBytes) return fail(Errc::corrupt, "a key is too short");
    return load_u64_be(as_bytes(key).data() + 1);
}

Result<std::uint64_t> chunk_number(std::string_view key) {
    if (key.size() != kPrefixBytes + 8) return fail(Errc::corrupt, "the key of a chunk is damaged");
    return load_u64_be(as_bytes(key).data() + kPrefixBytes);
}

Result<std::uint16_t> packet_id_of(std::string_view key) {
    const std::uint16_t packet_id =
        key.size() == kPrefixBytes + 2 ? load_u16_be(as_bytes(key).data() + kPrefixBytes) : 0;
    if (packet_id == 0) return fail(Errc::corrupt, "the key of a packet id is damaged");
    return packet_id;
}

std::string encode(const StoredSession& session) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(session.owner ? kOwnedFormat : kFormat);
    writer.u64_be(session.id);
    writer.u32_be(session.expiry_s);
    writer.u64_be(static_cast<std::uint64_t>(session.disconnected_ms));
    writer.u64_be(session.chunk);
    writer.u32_be(session.chunk_messages);
    writer.u8(static_cast<std::uint8_t>(session.version));
    if (session.owner) {
        write_text(writer, *session.owner);
        write_text(writer, session.owner_common_name);
    }
    return text_of(out);
}

Result<StoredSession> decode_session(std::string_view value) {
    return checked("session", value, [](ByteReader& reader) -> Result<StoredSession> {
        StoredSession session;
        HF_TRY(const std::uint8_t format, reader.u8());
        if (format != kFormat && format != kOwnedFormat) return fail(Errc::malformed, "");
        HF_TRY(session.id, reader.u64_be());
        HF_TRY(session.expiry_s, reader.u32_be());
        HF_TRY(const std::uint64_t disconnected_ms, reader.u64_be());
        session.disconnected_ms = static_cast<std::int64_t>(disconnected_ms);
        HF_TRY(session.chunk, reader.u64_be());
        HF_TRY(session.chunk_messages, reader.u32_be());
        HF_TRY(const std::uint8_t version, reader.u8());
        if (version < 3 || version > 5) return fail(Errc::malformed, "");
        session.version = static_cast<mqtt::Version>(version);
        if (format == kOwnedFormat) {
            HF_TRY(session.owner, read_text(reader));
            HF_TRY(session.owner_common_name, read_text(reader));
        }
        return session;
    });
}

std::string encode(const Subscription& subscription) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(kFormat);
    writer.u8(
        static_cast<std::uint8_t>(subscription.qos | (subscription.no_local ? kNoLocal : 0U) |
                                  (subscription.retain_as_published ? kRetainAsPublished : 0U) |
                                  (subscription.is_v5 ? kIsV5 : 0U)));
    writer.u32_be(subscription.identifier);
    return text_of(out);
}

Result<Subscription> decode_subscription(std::string_view value) {
    return checked("subscription", value, [](ByteReader& reader) -> Result<Subscription> {
        Subscription subscription;
        HF_TRY(check_format(reader));
        HF_TRY(const std::uint8_t options, reader.u8());
        subscription.qos = options & kQosBits;
        subscription.no_local = (options & kNoLocal) != 0;
        subscription.retain_as_published = (options & kRetainAsPublished) != 0;
        subscription.is_v5 = (options & kIsV5) != 0;
        HF_TRY(subscription.identifier, reader.u32_be());
        if (subscription.qos > 2) return fail(Errc::malformed, "");
        return subscription;
    });
}

std::string encode(const StoredOutgoing& outgoing) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(outgoing.is_released ? 1 : 0);
    writer.u64_be(outgoing.chunk);
    return text_of(out);
}

Result<StoredOutgoing> decode_outgoing(std::string_view value) {
    return checked("message under way", value, [](ByteReader& reader) -> Result<StoredOutgoing> {
        StoredOutgoing outgoing;
        HF_TRY(const std::uint8_t is_released, reader.u8());
        if (is_released > 1) return fail(Errc::malformed, "");
        outgoing.is_released = is_released != 0;
        HF_TRY(outgoing.chunk, reader.u64_be());
        return outgoing;
    });
}

std::string encode(const Will& will) {
    const OutMessage& message = will.message;
    Bytes out;
    ByteWriter writer(out);
    writer.u8(kFormat);
    writer.u32_be(will.delay_s);
    writer.u8(static_cast<std::uint8_t>(message.qos | (message.retain ? 4U : 0U) |
                                        (message.expiry_s ? 8U : 0U) |
                                        (message.correlation ? 16U : 0U)));
    writer.u8(message.payload_format);
    writer.u32_be(message.expiry_s.value_or(0));
    for (const std::string_view text :
         {std::string_view(message.topic), std::string_view(message.client_id),
          std::string_view(message.payload), std::string_view(message.content_type),
          std::string_view(message.response_topic)})
        write_text(writer, text);
    write_text(writer, message.correlation.value_or(""));
    writer.u32_be(static_cast<std::uint32_t>(message.user_properties.size()));
    for (const auto& [name, value] : message.user_properties) {
        write_text(writer, name);
        write_text(writer, value);
    }
    return text_of(out);
}

Result<Will> decode_will(std::string_view value) {
    return checked("will", value, [](ByteReader& reader) -> Result<Will> {
        Will will;
        OutMessage& message = will.message;
        HF_TRY(check_format(reader));
        HF_TRY(will.delay_s, reader.u32_be());
        HF_TRY(const std::uint8_t flags, reader.u8());
        message.qos = flags & 3U;
        message.retain = (flags & 4U) != 0;
        HF_TRY(message.payload_format, reader.u8());
        HF_TRY(const std::uint32_t expiry_s, reader.u32_be());
        if ((flags & 8U) != 0) message.expiry_s = expiry_s;
        for (std::string* text : {&message.topic, &message.client_id, &message.payload,
                                  &message.content_type, &message.response_topic}) {
            HF_TRY(*text, read_text(reader));
        }
        HF_TRY(std::string correlation, read_text(reader));
        if ((flags & 16U) != 0) message.correlation = std::move(correlation);
        HF_TRY(const std::uint32_t properties, reader.u32_be());
        for (std::uint32_t i = 0; i < properties; ++i) {
            HF_TRY(std::string name, read_text(reader));
            HF_TRY(std::string text, read_text(reader));
            message.user_properties.emplace_back(std::move(name), std::move(text));
        }
        return will;
    });
}

} // namespace holdfast::broker
