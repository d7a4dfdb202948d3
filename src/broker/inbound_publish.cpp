#include "broker/inbound.hpp"
#include "broker/outbound.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>
#include <holdfast/record/payload_text.hpp>

#include <fmt/format.h>

namespace holdfast::broker {
namespace {

// mqtt.qos of a record that came with QoS 1; QoS 0 is the default and left out.
const Bytes& qos1_header() {
    static const Bytes encoded = [] {
        Bytes out;
        record::encode_header(out, record::kHeaderMqttQos, as_bytes("1"));
        return out;
    }();
    return encoded;
}

// The record headers of MQTT 5 properties, encoded onto `out`; gives their number.
std::uint32_t encode_property_headers(Bytes& out, const mqtt::Properties& properties) {
    std::uint32_t count = 0;
    const auto add = [&](std::string_view name, ByteView value) {
        record::encode_header(out, name, value);
        ++count;
    };
    if (const auto expiry_s = properties.message_expiry_interval_s)
        add(record::kHeaderMqttExpiry, as_bytes(fmt::to_string(*expiry_s)));
    if (const auto topic = properties.response_topic)
        add(record::kHeaderMqttResponseTopic, as_bytes(*topic));
    if (const auto data = properties.correlation_data) add(record::kHeaderMqttCorrelation, *data);
    if (const auto type = properties.content_type) add(record::kHeaderContentType, as_bytes(*type));
    for (const auto& [name, value] : properties.user_properties)
        add(fmt::format("{}{}", record::kHeaderUserPrefix, name), as_bytes(value));
    return count;
}

} // namespace

TopicEntry* Inbound::find_topic(Session& session, std::string_view topic) {
    TopicCache& topics = shard_.topics_;
    if (session.last_topic_epoch == topics.epoch() && session.last_topic->topic == topic)
        return &topics.up_to_date(*session.last_topic);
    TopicEntry* entry = topics.find(topic);
    if (entry == nullptr) {
        if (!mqtt::check_topic(topic)) return nullptr;
        entry = &topics.add(topic);
    }
    session.last_topic = entry;
    session.last_topic_epoch = topics.epoch();
    return entry;
}

// The topic that an alias stands for, after `topic`, if there is one, was kept under it.
Result<std::string_view> Inbound::topic_of_alias(Session& session, std::uint16_t alias,
                                                 std::string_view topic) {
    if (alias > shard_.broker_.settings().topic_alias_maximum)
        return fail(Errc::limit_exceeded, "topic alias past the maximum");
    if (!session.topic_aliases)
        session.topic_aliases = std::make_unique<std::vector<std::string>>();
    auto& aliases = *session.topic_aliases;
    if (aliases.size() < alias) aliases.resize(alias);
    if (!topic.empty()) aliases[alias - 1U] = topic;
    return std::string_view(aliases[alias - 1U]);
}

bool Inbound::on_publish(Session& session, std::uint8_t flags, ByteView body) {
    const auto decoded = mqtt::decode_publish(flags, body, session.version);
    if (!decoded) return malformed(session, decoded.error());
    const mqtt::PublishView& publish = decoded.value();
    if (publish.qos == mqtt::Qos::exactly_once)
        return protocol_error(session, mqtt::ReasonCode::qos_not_supported,
                              "QoS 2 is not served yet");
    if (publish.retain)
        return protocol_error(session, mqtt::ReasonCode::retain_not_supported,
                              "retained messages are not served yet");

    if (!publish.properties.empty()) return publish_with_properties(session, publish);
    return publish_to(session, publish.topic, publish, nullptr);
}

// Apart from the common case, which must not pay for decoding properties.
bool Inbound::publish_with_properties(Session& session, const mqtt::PublishView& publish) {
    const auto properties =
        mqtt::decode_properties(publish.properties, mqtt::PropertyOwner::publish);
    if (!properties) return malformed(session, properties.error());
    if (!properties.value().subscription_identifiers.empty())
        return protocol_error(session, mqtt::ReasonCode::protocol_error,
                              "PUBLISH from a client with a subscription identifier");
    std::string_view topic = publish.topic;
    if (const auto alias = properties.value().topic_alias) {
        const auto known = topic_of_alias(session, *alias, topic);
        if (!known)
            return protocol_error(session, mqtt::ReasonCode::topic_alias_invalid,
                                  known.error().context);
        topic = known.value();
    }
    return publish_to(session, topic, publish, &properties.value());
}

bool Inbound::publish_to(Session& session, std::string_view topic, const mqtt::PublishView& publish,
                         const mqtt::Properties* properties) {
    if (topic.empty())
        return protocol_error(session, mqtt::ReasonCode::protocol_error, "PUBLISH without a topic");
    TopicEntry* entry = find_topic(session, topic);
    if (entry == nullptr)
        return protocol_error(session, mqtt::ReasonCode::topic_name_invalid,
                              "PUBLISH to what is not a topic name");
    ++received_;
    return store(session, *entry, publish, properties);
}

bool Inbound::store(Session& session, TopicEntry& entry, const mqtt::PublishView& publish,
                    const mqtt::Properties* properties) {
    if (!entry.stream) {
        shard_.broker_.counters().dropped_no_stream.add();
        return protocol_error(session, mqtt::ReasonCode::topic_name_invalid,
                              "no route of the bridge takes this topic to a stream");
    }
    const bool qos1 = publish.qos == mqtt::Qos::at_least_once;
    std::string_view device = entry.device;
    PartitionIndex partition = entry.partition;
    std::string from_payload;
    if (entry.device_from != Bridge::DeviceFrom::topic) {
        device = session.client_id;
        if (entry.device_from == Bridge::DeviceFrom::payload) {
            if (auto found = record::payload_text(publish.payload, entry.device)) {
                from_payload = std::move(*found);
                device = from_payload;
            }
        }
        partition = record::partition_for(as_bytes(device), entry.stream->settings.partitions);
    }

    std::array<ByteView, 4> headers;
    std::size_t pieces = 0;
    std::uint32_t header_count = 1;
    headers[pieces++] = entry.header;
    if (device != session.client_id) {
        headers[pieces++] = session.client_header;
        ++header_count;
    }
    if (qos1) {
        headers[pieces++] = qos1_header();
        ++header_count;
    }
    if (properties != nullptr) {
        headers_.clear();
        header_count += encode_property_headers(headers_, *properties);
        headers[pieces++] = headers_;
    }

    IngestGroup& group = *shard_.open_;
    const auto placed = group.add({entry.stream.get(), partition, entry.first_slot + partition,
                                   shard_.now_ms_, as_bytes(device), publish.payload, header_count,
                                   std::span(headers).first(pieces)});
    if (!placed)
        return protocol_error(session, mqtt::ReasonCode::packet_too_large, placed.error().context);

    if (qos1) {
        if (session.inbound_unacked >= shard_.broker_.settings().receive_maximum && session.is_v5())
            return protocol_error(session, mqtt::ReasonCode::receive_maximum_exceeded,
                                  "more QoS 1 messages under way than the receive maximum");
        ++session.inbound_unacked;
        group.owe_ack(session.ref, publish.packet_id);
    }
    if (!entry.matches->empty()) {
        Bytes forwarded;
        if (properties != nullptr) mqtt::append_forwardable(forwarded, *properties);
        Fanout& fanout = qos1 ? group.fanout() : shard_.immediate_;
        fanout.add(entry.matches, {entry.topic, publish.payload, forwarded, session.ref});
    }
    return true;
}

} // namespace holdfast::broker
