#include <holdfast/broker/retained.hpp>

#include <holdfast/log/log.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>
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
    std::string after;
    for (bool has_more = true; has_more;) {
        std::vector<log::StateChange> removals;
        HF_TRY(has_more, load_stretch(log, now_ms, after, removals));
        HF_TRY(log::StateWrite::write(log, std::move(removals)));
    }
    return ok();
}

Result<bool> Retained::load_stretch(log::Log& log, std::int64_t now_ms, std::string& after,
                                    std::vector<log::StateChange>& expired) {
    Result<bool> has_more = false;
    const std::string from = after;
    const std::lock_guard lock(mutex_);
    HF_TRY(log.scan_state(
        log::Keyspace::retained, "", from, [&](std::string_view topic, std::string_view value) {
            const auto message = decode_retained(value);
            if (!message) {
                has_more = fail(Errc::corrupt,
                                fmt::format("topic '{}': {}", topic, message.error().context));
                return false;
            }
            after = topic;
            if (message.value().expires_ms > now_ms)
                count(hash_of(topic), topic.size() + value.size());
            else
                expired.push_back({log::Keyspace::retained, std::string(topic), {}});
            const bool is_full = expired.size() == kRemovalsAtOnce;
            has_more = is_full;
            return !is_full;
        }));
    return has_more;
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
    count(hash_of(topic), bytes);
    return change;
}

void Retained::count(std::uint64_t topic_hash, std::size_t bytes) {
    auto& counted = bytes_of_topic_[topic_hash];
    bytes_ = bytes_ - counted + bytes;
    counted = static_cast<std::uint32_t>(bytes);
    if (bytes == 0) bytes_of_topic_.erase(topic_hash);
}

Result<void> Retained::recount(const log::Log& log, std::string_view topic) {
    HF_TRY(const auto value, log.state(log::Keyspace::retained, topic));
    const std::lock_guard lock(mutex_);
    count(hash_of(topic), value ? topic.size() + value->size() : 0);
    return ok();
}

} // namespace holdfast::broker
