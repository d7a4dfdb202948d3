#include "broker/queue_publisher.hpp"

#include "broker/stored_message.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/topic/topic.hpp>

#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

// What a session's subscriptions say of one of its messages.
struct OwnMatch {
    std::vector<std::uint32_t> identifiers;
    bool retain_as_published = false;
};

OwnMatch own_match(const Session& session, std::string_view topic) {
    OwnMatch match;
    for (const auto& [filter, subscription] : session.subscriber->subscriptions) {
        if (subscription.identifier == 0 && !subscription.retain_as_published) continue;
        if (!topic::matches(filter, topic)) continue;
        if (subscription.identifier != 0) match.identifiers.push_back(subscription.identifier);
        match.retain_as_published |= subscription.retain_as_published;
    }
    return match;
}

} // namespace

QueuePublisher::QueuePublisher(ShardContext& context, Outbound& outbound)
    : context_(context),
      outbound_(outbound),
      expired_(context.broker.counters().dropped_expired),
      lost_(context.broker.counters().dropped_gone) {}

bool QueuePublisher::is_ready(const QueuedMessage& message) {
    return message.retained_topic.empty() ? records_.covers(message.partition, message.offset)
                                          : retained_.contains(message.retained_topic);
}

void QueuePublisher::add(QueueContents contents) {
    for (DecodedBatch& batch : contents.batches) records_.add(std::move(batch));
    for (auto& [topic, value] : contents.retained)
        retained_.insert_or_assign(std::move(topic), std::move(value));
}

std::optional<std::size_t> QueuePublisher::send(Session& session, const QueuedMessage& message,
                                                std::uint16_t packet_id, bool duplicate) {
    return message.retained_topic.empty() ? send_record(session, message, packet_id, duplicate)
                                          : send_retained(session, message, packet_id, duplicate);
}

std::optional<std::size_t> QueuePublisher::send_record(Session& session,
                                                       const QueuedMessage& message,
                                                       std::uint16_t packet_id, bool duplicate) {
    if (!is_ready(message)) add(read_contents(context_.broker.log(), {&message, 1}));
    const record::RecordView* const found = records_.find(message.partition, message.offset);
    if (found == nullptr) {
        lost_.add();
        log_debug("mqtt", "a message for session '{}' is gone: offset {}", session.client_id,
                  message.offset);
        return std::nullopt;
    }
    const StoredMessage stored = stored_message(*found);
    if (stored.expires_ms <= context_.clock.expiry_ms) {
        expired_.add();
        return std::nullopt;
    }
    if (!may_receive(session, stored.topic)) {
        context_.broker.counters().dropped_denied.add();
        return std::nullopt;
    }
    const OwnMatch match = own_match(session, stored.topic);
    OutPublish out;
    out.topic = stored.topic;
    out.payload = found->value;
    out.properties = stored.properties;
    out.expires_ms = stored.expires_ms;
    out.expiry_max_s = stored.expiry_s;
    out.identifiers = match.identifiers;
    out.qos = message.qos;
    out.packet_id = packet_id;
    out.duplicate = duplicate;
    out.retain = stored.retain && match.retain_as_published;
    return outbound_.add_publish(session, out);
}

std::optional<std::size_t> QueuePublisher::send_retained(Session& session,
                                                         const QueuedMessage& message,
                                                         std::uint16_t packet_id, bool duplicate) {
    const std::string& topic = message.retained_topic;
    if (!may_receive(session, topic)) {
        context_.broker.counters().dropped_denied.add();
        return std::nullopt;
    }
    std::optional<std::string> value;
    if (const auto known = retained_.find(topic); known != retained_.end())
        value = known->second;
    else if (auto read = context_.broker.log().state(kRetainedKeyspace, topic))
        value = std::move(read).value();
    if (!value) return std::nullopt; // cleared meanwhile
    const auto retained = decode_retained(*value);
    if (!retained || retained.value().expires_ms <= context_.clock.expiry_ms) {
        expired_.add();
        return std::nullopt;
    }
    const OwnMatch match = own_match(session, topic);
    OutPublish out;
    out.topic = topic;
    out.identifiers = match.identifiers;
    out.payload = retained.value().payload;
    out.properties = retained.value().properties;
    out.expires_ms = retained.value().expires_ms;
    out.qos = message.qos;
    out.packet_id = packet_id;
    out.duplicate = duplicate;
    out.retain = true;
    return outbound_.add_publish(session, out);
}

} // namespace holdfast::broker
