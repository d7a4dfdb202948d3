#include "broker/batch_publisher.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>
#include <holdfast/record/payload_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::broker {
namespace {

// Where a message goes, found before anything of its batch is stored.
//
// It shares what it needs of the topic's entry: the cache may run full, and forget the entry,
// before the batch has found the last of its targets.
struct Target {
    std::shared_ptr<const log::Stream> stream;
    std::uint32_t first_slot = 0;
    std::shared_ptr<const MatchList> matches; // null: the message names a stream and no topic
    std::string device;
    Bytes headers; // of the record, encoded
    std::uint32_t header_count = 0;
};

// The record headers of one message, encoded; gives their number.
std::uint32_t encode_headers(Bytes& out, const OutMessage& message, const Target& target) {
    std::uint32_t count = 0;
    const auto add = [&](std::string_view name, std::string_view value) {
        record::encode_header(out, name, as_bytes(value));
        ++count;
    };
    if (target.matches) add(record::kHeaderMqttTopic, message.topic);
    if (message.client_id != target.device) add(record::kHeaderMqttClient, message.client_id);
    if (message.qos != 0) add(record::kHeaderMqttQos, fmt::to_string(message.qos));
    if (message.retain) add(record::kHeaderMqttRetain, "1");
    if (message.payload_format != 0)
        add(record::kHeaderMqttPayloadFormat, fmt::to_string(message.payload_format));
    if (message.expiry_s) add(record::kHeaderMqttExpiry, fmt::to_string(*message.expiry_s));
    if (!message.response_topic.empty())
        add(record::kHeaderMqttResponseTopic, message.response_topic);
    if (message.correlation) add(record::kHeaderMqttCorrelation, *message.correlation);
    if (!message.content_type.empty()) add(record::kHeaderContentType, message.content_type);
    if (message.event_ms) add(record::kHeaderEventTime, fmt::to_string(*message.event_ms));
    for (const auto& [name, value] : message.user_properties)
        add(fmt::format("{}{}", record::kHeaderUserPrefix, name), value);
    return count;
}

// Of MQTT 5, encoded, to forward.
Bytes forwarded_properties(const OutMessage& message, bool with_expiry) {
    mqtt::Properties properties;
    if (message.payload_format != 0) properties.payload_format_indicator = message.payload_format;
    if (with_expiry) properties.message_expiry_interval_s = message.expiry_s;
    if (!message.response_topic.empty()) properties.response_topic = message.response_topic;
    if (message.correlation) properties.correlation_data = as_bytes(*message.correlation);
    if (!message.content_type.empty()) properties.content_type = message.content_type;
    for (const auto& [name, value] : message.user_properties)
        properties.user_properties.emplace_back(name, value);
    Bytes out;
    mqtt::append_forwardable(out, properties);
    return out;
}

// The message as a record of its target; borrows both.
IngestGroup::Record record_of(const OutMessage& message, const Target& target,
                              std::int64_t ingest_ms, std::span<const ByteView> headers) {
    const PartitionIndex partition =
        record::partition_for(as_bytes(target.device), target.stream->settings.partitions);
    return {target.stream.get(),           partition,
            target.first_slot + partition, ingest_ms,
            as_bytes(target.device),       as_bytes(message.payload),
            target.header_count,           headers};
}

Result<Target> find_target(TopicCache& topics, const OutMessage& message) {
    Target target;
    target.device = message.device;
    if (!message.topic.empty()) {
        TopicEntry* entry = topics.find(message.topic);
        if (entry == nullptr) {
            if (!mqtt::check_topic(message.topic))
                return fail(Errc::malformed, "'" + message.topic + "' is not a topic name");
            entry = &topics.add(message.topic);
        }
        target.matches = entry->matches;
        target.stream = entry->stream;
        target.first_slot = entry->first_slot;
        if (target.device.empty() && entry->device_from == Bridge::DeviceFrom::topic)
            target.device = entry->device;
        if (target.device.empty() && entry->device_from == Bridge::DeviceFrom::payload)
            target.device =
                record::payload_text(as_bytes(message.payload), entry->device).value_or("");
    }
    if (!message.stream.empty()) target.stream = topics.stream(message.stream, target.first_slot);
    if (!target.stream)
        return fail(Errc::not_found,
                    message.stream.empty()
                        ? "no route of the bridge takes topic '" + message.topic + "' to a stream"
                        : "there is no stream '" + message.stream + "'");
    if (target.device.empty()) target.device = message.client_id;
    target.header_count = encode_headers(target.headers, message, target);
    return target;
}

// Puts what was passed over back among what was placed.
Publisher::Done with_refused(Publisher::Done done,
                             std::vector<std::pair<std::size_t, Error>> refused) {
    return [done = std::move(done), refused = std::move(refused)](auto placed) {
        if (placed)
            for (const auto& [at, why] : refused) // ascending, so that places fit
                placed.value().insert(placed.value().begin() + static_cast<std::ptrdiff_t>(at),
                                      Placed{"", 0, -1, why});
        done(std::move(placed));
    };
}

} // namespace

void BatchPublisher::retain(const OutMessage& message, RecordPlace place) {
    const Bytes properties = forwarded_properties(message, false);
    RetainedMessage retained;
    retained.qos = message.qos;
    if (message.expiry_s)
        retained.expires_ms = context_.clock.expiry_ms + std::int64_t{*message.expiry_s} * 1000;
    retained.properties = properties;
    retained.payload = as_bytes(message.payload);
    retained_.write(message.topic, retained, place);
}

void BatchPublisher::publish(PublishBatch batch, Publisher::Done done) {
    IngestGroup& group = *context_.gathering;
    // Before their subscribers are looked up.
    if (std::ranges::any_of(batch.messages, &OutMessage::retain)) retained_.begin();
    // All or none: every target is found, and its record known to fit, before the first is added.
    std::vector<Target> targets;
    std::vector<std::pair<std::size_t, Error>> refused; // by place in the batch
    targets.reserve(batch.messages.size());
    for (const OutMessage& message : batch.messages) {
        auto target = find_target(topics_, message);
        if (target) {
            const std::array<ByteView, 1> headers = {target.value().headers};
            if (!IngestGroup::fits(
                    record_of(message, target.value(), context_.clock.now_ms, headers)))
                target = fail(Errc::too_large,
                              "message to '" + message.topic + "' is larger than its stream takes");
            else if (message.retain && !message.payload.empty() &&
                     !context_.broker.retained().has_room(message.topic, message.payload.size()))
                target = fail(Errc::limit_exceeded,
                              "no room is left to retain the message to '" + message.topic + "'");
        }
        if (target) {
            targets.push_back(std::move(target).value());
            continue;
        }
        const bool misses_stream =
            !message.stream.empty() && target.error().code == Errc::not_found;
        if (!batch.passes_over || misses_stream) return done(std::move(target).error());
        refused.emplace_back(targets.size(), std::move(target).error());
        targets.emplace_back(); // without a stream
    }

    IngestGroup::Waiting waiting;
    waiting.done = refused.empty() ? std::move(done) : with_refused(std::move(done), refused);
    waiting.remember = std::move(batch.remember);
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const OutMessage& message = batch.messages[i];
        const Target& target = targets[i];
        if (!target.stream) continue;
        const std::array<ByteView, 1> headers = {target.headers};
        const auto place = group.add(record_of(message, target, context_.clock.now_ms, headers));
        waiting.places.emplace_back(place, target.stream->settings.name);
        if (!target.matches) continue;
        if (message.retain) retain(message, place);
        if (target.matches->has_queue() && message.qos != 0)
            group.queues().add(
                target.matches, {}, message.qos, place,
                static_cast<std::uint32_t>(message.topic.size() + message.payload.size()));
        if (target.matches->empty()) continue;
        const Bytes forwarded = forwarded_properties(message, true);
        Fanout& fanout = message.qos == 0 ? context_.immediate : group.fanout();
        fanout.add(
            target.matches,
            {message.topic, as_bytes(message.payload), forwarded, {}, message.qos, message.retain});
    }
    for (log::StateChange& change : batch.state_changes) group.change(std::move(change));
    group.await(std::move(waiting));
}

void BatchPublisher::publish_will(const Will& will) {
    PublishBatch batch;
    const std::string client_id = will.message.client_id;
    batch.messages.push_back(will.message);
    publish(std::move(batch), [client_id](const Result<std::vector<Placed>>& placed) {
        if (!placed)
            log_warn("mqtt", "the will of client '{}' was not published: {}", client_id,
                     placed.error().context);
    });
}

} // namespace holdfast::broker
