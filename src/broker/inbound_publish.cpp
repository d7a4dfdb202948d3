#include "broker/inbound.hpp"

#include "broker/doorkeeper.hpp"
#include "broker/retained_writer.hpp"
#include "broker/session_closer.hpp"
#include "broker/session_codec.hpp"
#include "broker/session_memory.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/publish.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>
#include <holdfast/record/payload_text.hpp>

#include <fmt/format.h>

#include <utility>

namespace holdfast::broker {
namespace {

// The record headers of MQTT 5 properties, encoded onto `out`; gives their number.
std::uint32_t encode_property_headers(Bytes& out, const mqtt::Properties& properties) {
    std::uint32_t count = 0;
    const auto add = [&](std::string_view name, ByteView value) {
        record::encode_header(out, name, value);
        ++count;
    };
    if (const auto format = properties.payload_format_indicator; format.value_or(0) != 0)
        add(record::kHeaderMqttPayloadFormat, as_bytes(fmt::to_string(*format)));
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

// Null where it is no topic name: the session was closed.
TopicEntry* Inbound::find_topic(Session& session, std::string_view topic) {
    TopicCache& topics = topics_;
    if (session.last_topic_epoch == topics.epoch() && session.last_topic->topic == topic)
        return &topics.up_to_date(*session.last_topic);
    TopicEntry* entry = topics.find(topic);
    if (entry == nullptr) {
        if (!mqtt::check_topic(topic)) {
            protocol_error(session, mqtt::ReasonCode::topic_name_invalid,
                           "PUBLISH to what is not a topic name");
            return nullptr;
        }
        entry = &topics.add(topic);
    }
    session.last_topic = entry;
    session.last_topic_epoch = topics.epoch();
    return entry;
}

// The topic that an alias stands for, after `topic`, if there is one, was kept under it.
Result<std::string_view> Inbound::topic_of_alias(Session& session, std::uint16_t alias,
                                                 std::string_view topic) {
    if (alias > context_.broker.settings().topic_alias_maximum)
        return fail(Errc::limit_exceeded, "topic alias past the maximum");
    if (!session.topic_aliases)
        session.topic_aliases = std::make_unique<std::vector<std::string>>();
    auto& aliases = *session.topic_aliases;
    if (aliases.size() < alias) aliases.resize(alias);
    if (!topic.empty()) {
        std::string& known = aliases[alias - 1U];
        let_go(context_.broker.memory(), session, known.size());
        known.clear();
        if (!try_keep(context_.broker.memory(), session, topic.size()))
            return fail(Errc::no_space, "no memory is left for another topic alias");
        known = topic;
        known.shrink_to_fit();
    }
    return std::string_view(aliases[alias - 1U]);
}

bool Inbound::on_publish(Session& session, std::uint8_t flags, ByteView body) {
    mqtt::PublishView publish;
    if (!mqtt::read_publish(flags, body, session.version, publish))
        return malformed(session, mqtt::publish_error(flags, body, session.version));
    if (publish.retain) retained_writer_.begin(); // before its subscribers are looked up
    if (!publish.properties.empty()) return publish_with_properties(session, publish);
    if (publish.topic.empty())
        return protocol_error(session, mqtt::ReasonCode::protocol_error, "PUBLISH without a topic");
    TopicEntry* entry = find_topic(session, publish.topic);
    return entry != nullptr && store(session, *entry, publish, nullptr, body);
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
            return protocol_error(session,
                                  known.error().code == Errc::no_space
                                      ? mqtt::ReasonCode::quota_exceeded
                                      : mqtt::ReasonCode::topic_alias_invalid,
                                  known.error().context);
        topic = known.value();
    }
    if (topic.empty())
        return protocol_error(session, mqtt::ReasonCode::protocol_error, "PUBLISH without a topic");
    TopicEntry* entry = find_topic(session, topic);
    return entry != nullptr && store(session, *entry, publish, &properties.value(), {});
}

// Where a message's record goes: the partition of its device.
Inbound::Target Inbound::target_of(const Session& session, const TopicEntry& entry,
                                   ByteView payload) {
    const PartitionIndex partitions = entry.stream->settings.partitions;
    switch (entry.device_from) {
        case Bridge::DeviceFrom::topic:
            return {entry.device, entry.partition, entry.device != session.client_id};
        case Bridge::DeviceFrom::payload:
            if (auto found = record::payload_text(payload, entry.device)) {
                device_ = std::move(*found);
                return {device_, record::partition_for(as_bytes(device_), partitions),
                        device_ != session.client_id};
            }
            break;
        case Bridge::DeviceFrom::client_id: break;
    }
    return {session.client_id, record::partition_for(session.client_hash, partitions), false};
}

// The packet id is stored with the message: whichever dies, the two agree.
void Inbound::note_qos2(Session& session, std::uint16_t packet_id, RecordPlace place) {
    session.unreleased_ids().emplace(packet_id, false);
    if (session.persistent)
        context_.gathering->change_with(
            place,
            put(packet_key(SessionKey::unreleased, session.persistent->queue->id(), packet_id),
                ""));
}

void Inbound::retain(const TopicEntry& entry, const mqtt::PublishView& publish,
                     const mqtt::Properties* properties, RecordPlace place) {
    Bytes forwarded;
    RetainedMessage message;
    message.qos = static_cast<std::uint8_t>(publish.qos);
    message.payload = publish.payload;
    if (properties != nullptr) {
        mqtt::Properties lasting = *properties;
        if (const auto expiry_s = std::exchange(lasting.message_expiry_interval_s, std::nullopt))
            message.expires_ms = context_.clock.expiry_ms + std::int64_t{*expiry_s} * 1000;
        mqtt::append_forwardable(forwarded, lasting);
        message.properties = forwarded;
    }
    retained_writer_.write(entry.topic, message, place);
}

// MQTT 5 says no to one message and goes on. MQTT 3 has no word for it: the client is closed, or,
// where the settings say so, believes that its message was taken.
bool Inbound::refuse_publish(Session& session, const mqtt::PublishView& publish,
                             mqtt::ReasonCode reason, std::string_view why) {
    ++counted_;
    const bool is_qos2 = publish.qos == mqtt::Qos::exactly_once;
    const auto type = is_qos2 ? mqtt::PacketType::pubrec : mqtt::PacketType::puback;
    IngestGroup& group = *context_.gathering;
    if (session.is_v5()) {
        if (publish.qos != mqtt::Qos::at_most_once)
            group.owe_refusal(session.ref, session.connection, type, publish.packet_id,
                              static_cast<std::uint8_t>(reason));
        return true;
    }
    if (!context_.broker.settings().drops_refused_publish)
        return protocol_error(session, reason, why);
    if (publish.qos == mqtt::Qos::at_most_once) return true;
    ++session.inbound_unacked;
    if (is_qos2) session.unreleased_ids().emplace(publish.packet_id, false);
    group.owe_ack(session.ref, session.connection, type, publish.packet_id);
    return true;
}

// `body`: the packet's, where subscribers may get it as it is; else empty.
bool Inbound::store(Session& session, TopicEntry& entry, const mqtt::PublishView& publish,
                    const mqtt::Properties* properties, ByteView body) {
    const bool is_qos2 = publish.qos == mqtt::Qos::exactly_once;
    if (is_qos2 && session.unreleased && session.unreleased->contains(publish.packet_id)) {
        context_.gathering->owe_ack(session.ref, session.connection, mqtt::PacketType::pubrec,
                                    publish.packet_id);
        return true; // it came before
    }
    ++received_;
    if (!doorkeeper_.may_publish(session, entry)) {
        context_.broker.counters().refused_publish.add();
        return refuse_publish(session, publish, mqtt::ReasonCode::not_authorized,
                              "no right to publish to this topic");
    }
    if (!entry.stream) {
        context_.broker.counters().dropped_no_stream.add();
        return refuse_publish(session, publish, mqtt::ReasonCode::topic_name_invalid,
                              "no route of the bridge takes this topic to a stream");
    }
    // Where the client cannot be told, the message is stored and only not retained.
    if (publish.retain && session.is_v5() && publish.qos != mqtt::Qos::at_most_once &&
        !publish.payload.empty() &&
        !context_.broker.retained().has_room(entry.topic,
                                             publish.payload.size() + publish.properties.size()))
        return refuse_publish(session, publish, mqtt::ReasonCode::quota_exceeded, "");
    const auto qos = static_cast<std::uint8_t>(publish.qos);
    const Target target = target_of(session, entry, publish.payload);

    std::array<ByteView, 4> headers;
    std::size_t pieces = 1;
    std::uint32_t header_count = entry.headers[qos].count;
    headers[0] = entry.headers[qos].bytes;
    if (target.names_client) {
        headers[pieces++] = session.client_header;
        ++header_count;
    }
    if (publish.retain) {
        headers[pieces++] = retain_header_;
        ++header_count;
    }
    if (properties != nullptr) {
        headers_.clear();
        header_count += encode_property_headers(headers_, *properties);
        headers[pieces++] = headers_;
    }
    const IngestGroup::Record record{entry.stream.get(),
                                     target.partition,
                                     entry.first_slot + target.partition,
                                     context_.clock.now_ms,
                                     as_bytes(target.device),
                                     publish.payload,
                                     header_count,
                                     std::span(headers.data(), pieces)};
    if (!IngestGroup::fits(record))
        return protocol_error(session, mqtt::ReasonCode::packet_too_large,
                              "message is larger than its stream's message_bytes_max");
    IngestGroup& group = *context_.gathering;
    const IngestGroup::Place place = group.add(record);
    if (publish.retain) retain(entry, publish, properties, place);

    if (qos != 0) {
        if (session.inbound_unacked >= context_.broker.settings().receive_maximum &&
            session.is_v5())
            return protocol_error(session, mqtt::ReasonCode::receive_maximum_exceeded,
                                  "more messages under way than the receive maximum");
        ++session.inbound_unacked;
        if (is_qos2) note_qos2(session, publish.packet_id, place);
        group.owe_ack(session.ref, session.connection,
                      is_qos2 ? mqtt::PacketType::pubrec : mqtt::PacketType::puback,
                      publish.packet_id);
    }
    if (entry.matches->has_queue() && qos != 0)
        group.queues().add(entry.matches, session.ref, qos, place,
                           static_cast<std::uint32_t>(entry.topic.size() + publish.payload.size()));
    if (!entry.matches->empty()) {
        Bytes forwarded;
        if (properties != nullptr) mqtt::append_forwardable(forwarded, *properties);
        Fanout& fanout = qos != 0 ? group.fanout() : context_.immediate;
        fanout.add(entry.matches, {entry.topic, publish.payload, forwarded, session.ref, qos,
                                   publish.retain, body, wire_form(session.is_v5(), qos)});
    }
    return true;
}

} // namespace holdfast::broker
