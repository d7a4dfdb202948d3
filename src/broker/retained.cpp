#include <holdfast/broker/retained.hpp>

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/state_write.hpp>

#include <xxhash.h>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kRemovalsAtOnce = 10'000;

std::uint64_t hash_of(std::string_view topic) noexcept {
    return XXH3_64bits(topic.data(), topic.size());
}

} // namespace

std::string encode_retained(const RetainedMessage& message) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(kFormat);
    writer.u8(message.qos);
    writer.u64_be(static_cast<std::uint64_t>(message.expires_ms));
    writer.u32_be(static_cast<std::uint32_t>(message.properties.size()));
    writer.bytes(message.properties);
    writer.bytes(message.payload);
    return std::string(as_text(out));
}

Result<RetainedMessage> decode_retained(std::string_view value) {
    const auto decode = [&]() -> Result<RetainedMessage> {
        ByteReader reader(as_bytes(value));
        RetainedMessage message;
        HF_TRY(const std::uint8_t format, reader.u8());
        HF_TRY(message.qos, reader.u8());
        if (format != kFormat || message.qos > 2) return fail(Errc::malformed, "");
        HF_TRY(const std::uint64_t expires_ms, reader.u64_be());
        message.expires_ms = static_cast<std::int64_t>(expires_ms);
        HF_TRY(const std::uint32_t property_bytes, reader.u32_be());
        HF_TRY(message.properties, reader.take(property_bytes));
        message.payload = reader.rest();
        return message;
    };
    auto message = decode();
    if (!message) return fail(Errc::corrupt, "a retained message is damaged");
    return message;
}

Retained::Retained(std::size_t bytes_max, Metrics& metrics)
    : bytes_max_(bytes_max),
      refused_(metrics.counter("holdfast_mqtt_retained_refused",
                               "Messages not retained because the bound was reached.")) {
    metrics.gauge("holdfast_mqtt_retained_messages", "Topics with a retained message.", [this] {
        const std::lock_guard lock(mutex_);
        return static_cast<double>(bytes_of_topic_.size());
    });
    metrics.gauge("holdfast_mqtt_retained_bytes", "Bytes of retained messages.",
                  [this] { return static_cast<double>(bytes_used()); });
}

std::size_t Retained::bytes_used() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

Result<void> Retained::load(log::Log& log, std::int64_t now_ms) {
    std::vector<log::StateChange> removals;
    const std::lock_guard lock(mutex_);
    HF_TRY(log.scan_state(
        log::Keyspace::retained, "", [&](std::string_view topic, std::string_view value) {
            const auto message = decode_retained(value);
            if (!message) log_error("mqtt", "topic '{}': {}", topic, message.error().context);
            if (message && message.value().expires_ms <= now_ms &&
                removals.size() < kRemovalsAtOnce) {
                removals.push_back({log::Keyspace::retained, std::string(topic), {}});
                return true;
            }
            const auto bytes = static_cast<std::uint32_t>(topic.size() + value.size());
            if (bytes_of_topic_.emplace(hash_of(topic), bytes).second) bytes_ += bytes;
            return true;
        }));
    return log::StateWrite::write(log, std::move(removals));
}

std::optional<log::StateChange> Retained::change(std::string_view topic,
                                                 const RetainedMessage& message) {
    log::StateChange change{log::Keyspace::retained, std::string(topic), {}};
    if (!message.payload.empty()) change.value = encode_retained(message);
    const std::size_t bytes = change.value ? topic.size() + change.value->size() : 0;

    const std::lock_guard lock(mutex_);
    const auto known = bytes_of_topic_.find(hash_of(topic));
    const std::size_t before = known == bytes_of_topic_.end() ? 0 : known->second;
    if (bytes > before && bytes_ - before + bytes > bytes_max_) {
        refused_.add();
        return std::nullopt;
    }
    bytes_ = bytes_ - before + bytes;
    if (bytes == 0) {
        if (known != bytes_of_topic_.end()) bytes_of_topic_.erase(known);
    } else if (known != bytes_of_topic_.end()) {
        known->second = static_cast<std::uint32_t>(bytes);
    } else {
        bytes_of_topic_.emplace(hash_of(topic), static_cast<std::uint32_t>(bytes));
    }
    return change;
}

} // namespace holdfast::broker
