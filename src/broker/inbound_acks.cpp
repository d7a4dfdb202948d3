#include "broker/inbound.hpp"

#include "broker/outbound.hpp"
#include "broker/queue_sender.hpp"
#include "broker/retained_sender.hpp"
#include "broker/session_closer.hpp"
#include "broker/session_codec.hpp"

#include <holdfast/mqtt/ack.hpp>

namespace holdfast::broker {

bool Inbound::on_puback(Session& session, ByteView body) {
    std::uint16_t packet_id = 0;
    if (body.size() == 2) { // nearly every one: success, no properties
        packet_id = load_u16_be(body.data());
    } else {
        const auto ack = mqtt::decode_ack(mqtt::PacketType::puback, body, session.version);
        if (!ack) return malformed(session, ack.error());
        packet_id = ack.value().packet_id;
    }
    if (session.persistent)
        queues_.on_puback(session, packet_id);
    else
        settle(session, packet_id);
    return true;
}

// The client is done with a message: what waited for its receive maximum goes on.
void Inbound::settle(Session& session, std::uint16_t packet_id) {
    if (!session.subscriber || !session.subscriber->packet_ids.give_back(packet_id)) return;
    outbound_.drain_queue(session);
    retained_sender_.go_on(session);
}

// A QoS 2 message of ours has arrived: the client forgets its packet id with our PUBREL.
bool Inbound::on_pubrec(Session& session, ByteView body) {
    const auto ack = mqtt::decode_ack(mqtt::PacketType::pubrec, body, session.version);
    if (!ack) return malformed(session, ack.error());
    const std::uint16_t packet_id = ack.value().packet_id;
    const bool is_refused = mqtt::is_error(ack.value().reason); // which ends it
    if (session.persistent) {
        queues_.on_pubrec(session, packet_id, is_refused);
        return true;
    }
    if (is_refused) {
        settle(session, packet_id);
        return true;
    }
    const bool is_known = session.subscriber && session.subscriber->packet_ids.has(packet_id);
    outbound_.add_ack(session, mqtt::PacketType::pubrel, packet_id, is_known);
    return true;
}

bool Inbound::on_pubcomp(Session& session, ByteView body) {
    const auto ack = mqtt::decode_ack(mqtt::PacketType::pubcomp, body, session.version);
    if (!ack) return malformed(session, ack.error());
    if (session.persistent)
        queues_.on_pubcomp(session, ack.value().packet_id);
    else
        settle(session, ack.value().packet_id);
    return true;
}

// The client has seen our PUBREC: its packet id may come with another message from now on.
bool Inbound::on_pubrel(Session& session, ByteView body) {
    const auto ack = mqtt::decode_ack(mqtt::PacketType::pubrel, body, session.version);
    if (!ack) return malformed(session, ack.error());
    const std::uint16_t packet_id = ack.value().packet_id;
    const auto known =
        session.unreleased ? session.unreleased->find(packet_id) : UnreleasedIds::iterator{};
    const bool is_known = session.unreleased && known != session.unreleased->end();
    if (is_known) {
        if (!known->second)
            return protocol_error(session, mqtt::ReasonCode::protocol_error,
                                  "PUBREL before the PUBREC that it answers");
        session.unreleased->erase(known);
        if (session.persistent) { // forgotten for good before the client may use the id again
            IngestGroup& group = *context_.gathering;
            group.change(removal(
                packet_key(SessionKey::unreleased, session.persistent->queue->id(), packet_id)));
            group.owe_ack(session.ref, session.connection, mqtt::PacketType::pubcomp, packet_id);
            return true;
        }
        --session.inbound_unacked;
    }
    outbound_.add_ack(session, mqtt::PacketType::pubcomp, packet_id, is_known);
    return true;
}

} // namespace holdfast::broker
