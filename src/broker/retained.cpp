#include <holdfast/broker/retained.hpp>

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>
#include <xxhash.h>
#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kRemovalsAtOnce = 10'000;
constexpr std::size_t kValueBytes = 14; // of a value, beside properties and payload

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
        return static_cast<double>(std::ranges::count_if(
            of_topic_, [](const auto& one) { return one.second.bytes != 0; }));
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
        kRetainedKeyspace, "", from, [&](std::string_view topic, std::string_view value) {
            const auto message = decode_retained(value);
            after = topic;
            if (!message) { // it stays where it is until another takes its place
                log_error("mqtt", "topic '{}': {}", topic, message.error().context);
                count(topic, topic.size() + value.size(), RetainedMessage::kNever);
                return true;
            }
            if (message.value().expires_ms > now_ms)
                count(topic, topic.size() + value.size(), message.value().expires_ms);
            else
                expired.push_back({kRetainedKeyspace, std::string(topic), {}});
            const bool is_full = expired.size() == kRemovalsAtOnce;
            has_more = is_full;
            return !is_full;
        }));
    return has_more;
}

std::optional<log::StateChange> Retained::change(std::string_view topic,
                                                 const RetainedMessage& message) {
    log::StateChange change{kRetainedKeyspace, std::string(topic), {}};
    if (!message.payload.empty()) change.value = encode_retained(message);
    const std::size_t bytes = change.value ? topic.size() + change.value->size() : 0;

    const std::lock_guard lock(mutex_);
    const auto known = of_topic_.find(hash_of(topic));
    const std::size_t before = known == of_topic_.end() ? 0 : known->second.bytes;
    if (bytes > before && bytes_ - before + bytes > bytes_max_) {
        refused_.add();
        return std::nullopt;
    }
    count(topic, bytes, message.expires_ms);
    return change;
}

bool Retained::has_room(std::string_view topic, std::size_t bytes) const {
    const std::size_t whole = topic.size() + kValueBytes + bytes;
    const std::lock_guard lock(mutex_);
    const auto known = of_topic_.find(hash_of(topic));
    const std::size_t before = known == of_topic_.end() ? 0 : known->second.bytes;
    return whole <= before || bytes_ - before + whole <= bytes_max_;
}

std::vector<std::string> Retained::take_expired(std::int64_t now_ms) {
    std::vector<std::string> topics;
    const std::lock_guard lock(mutex_);
    while (!expiring_.empty() && expiring_.top().first <= now_ms &&
           topics.size() < kRemovalsAtOnce) {
        std::string topic = expiring_.top().second;
        expiring_.pop();
        const auto known = of_topic_.find(hash_of(topic));
        if (known == of_topic_.end()) continue; // one of two with the same hash
        known->second.is_watched = false;
        if (known->second.bytes == 0) { // cleared meanwhile
            of_topic_.erase(known);
            continue;
        }
        if (known->second.expires_ms <= now_ms)
            topics.push_back(std::move(topic));
        else
            count(topic, known->second.bytes, known->second.expires_ms);
    }
    return topics;
}

std::optional<log::StateChange> Retained::remove_expired(std::string_view topic,
                                                         std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const auto known = of_topic_.find(hash_of(topic));
    if (known == of_topic_.end() || known->second.expires_ms > now_ms) return std::nullopt;
    count(topic, 0, RetainedMessage::kNever);
    return log::StateChange{kRetainedKeyspace, std::string(topic), {}};
}

void Retained::count(std::string_view topic, std::size_t bytes, std::int64_t expires_ms) {
    const std::uint64_t hash = hash_of(topic);
    Counted& counted = of_topic_[hash];
    bytes_ = bytes_ - counted.bytes + bytes;
    counted.bytes = static_cast<std::uint32_t>(bytes);
    counted.expires_ms = expires_ms;
    if (bytes != 0 && expires_ms != RetainedMessage::kNever && !counted.is_watched) {
        counted.is_watched = true;
        expiring_.emplace(expires_ms, topic);
    }
    // One that is watched is forgotten when its time comes: else it could be watched twice.
    if (bytes == 0 && !counted.is_watched) of_topic_.erase(hash);
}

Result<void> Retained::recount(const log::Log& log, std::string_view topic) {
    HF_TRY(const auto value, log.state(kRetainedKeyspace, topic));
    std::int64_t expires_ms = RetainedMessage::kNever;
    if (value)
        if (const auto message = decode_retained(*value)) expires_ms = message.value().expires_ms;
    const std::lock_guard lock(mutex_);
    count(topic, value ? topic.size() + value->size() : 0, expires_ms);
    return ok();
}

} // namespace holdfast::broker
