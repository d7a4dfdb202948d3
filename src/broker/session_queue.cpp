#include <holdfast/broker/session_queue.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace holdfast::broker {
namespace {

// The first byte of a message in a chunk: what follows, and the QoS in the low bits. On disk.
constexpr std::uint8_t kQosBits = 0x03;
constexpr std::uint8_t kNewPartition = 0x04; // stream and partition follow; else as the one before
constexpr std::uint8_t kRetained = 0x08;     // a topic follows instead of a place
constexpr std::uint8_t kKnownBits = kQosBits | kNewPartition | kRetained;

// A number that is not negative and at most `max`.
Result<std::int64_t> read_number(ByteReader& reader, std::int64_t max) {
    HF_TRY(const std::int64_t value, reader.varlong());
    if (value < 0 || value > max) return fail(Errc::malformed, "");
    return value;
}

Result<QueuedMessage> read_message(ByteReader& reader, std::optional<PartitionId>& partition,
                                   Offset& offset) {
    QueuedMessage message;
    HF_TRY(const std::uint8_t kind, reader.u8());
    message.qos = kind & kQosBits;
    if ((kind & ~kKnownBits) != 0 || message.qos > 2) return fail(Errc::malformed, "");
    HF_TRY(const std::int64_t bytes, read_number(reader, UINT32_MAX));
    message.bytes = static_cast<std::uint32_t>(bytes);
    if ((kind & kRetained) != 0) {
        HF_TRY(const ByteView topic, reader.bytes_with_u16_length());
        message.retained_topic = as_text(topic);
        if (topic.empty()) return fail(Errc::malformed, "");
        return message;
    }
    if ((kind & kNewPartition) != 0) {
        HF_TRY(const std::int64_t stream, read_number(reader, UINT32_MAX));
        HF_TRY(const std::int64_t index,
               read_number(reader, std::numeric_limits<PartitionIndex>::max()));
        partition = {StreamId{static_cast<std::uint32_t>(stream)},
                     static_cast<PartitionIndex>(index)};
        offset = 0;
    }
    HF_TRY(const std::int64_t delta, reader.varlong());
    const bool is_past_end = delta > std::numeric_limits<Offset>::max() - offset;
    if (!partition || delta < -offset || is_past_end) return fail(Errc::malformed, "");
    offset += delta;
    message.partition = *partition;
    message.offset = offset;
    return message;
}

} // namespace

void ChunkWriter::add(const QueuedMessage& message) {
    ByteWriter writer(bytes_);
    const bool is_retained = !message.retained_topic.empty();
    const bool is_new = !has_partition_ || message.partition != last_partition_;
    std::uint8_t kind = message.qos;
    if (is_retained)
        kind |= kRetained;
    else if (is_new)
        kind |= kNewPartition;
    writer.u8(kind);
    writer.varlong(message.bytes);
    if (is_retained) {
        writer.text_with_u16_length(message.retained_topic);
    } else {
        if (is_new) {
            writer.varlong(number(message.partition.stream));
            writer.varlong(message.partition.index);
            last_partition_ = message.partition;
            has_partition_ = true;
            last_offset_ = 0;
        }
        writer.varlong(message.offset - last_offset_);
        last_offset_ = message.offset;
    }
    ++messages_;
    message_bytes_ += message.bytes;
}

Result<std::vector<QueuedMessage>> decode_chunk(std::string_view value) {
    std::vector<QueuedMessage> messages;
    ByteReader reader(as_bytes(value));
    std::optional<PartitionId> partition;
    Offset offset = 0;
    while (!reader.empty()) {
        auto message = read_message(reader, partition, offset);
        if (!message) return fail(Errc::corrupt, "a chunk of a session's queue is damaged");
        messages.push_back(std::move(message).value());
    }
    if (messages.empty()) return fail(Errc::corrupt, "a chunk of a session's queue is empty");
    return messages;
}

} // namespace holdfast::broker
