#include "broker/queue_sender.hpp"

#include "broker/session_codec.hpp"

#include <cassert>

// What clients say to messages from their queues: each is settled once, whatever dies meanwhile.
namespace holdfast::broker {

void QueueSender::on_puback(Session& session, std::uint16_t packet_id) {
    const auto found = session.persistent->in_flight.find(packet_id);
    if (found == session.persistent->in_flight.end() ||
        found->second.state != InFlight::State::sent || found->second.message.qos == 2)
        return;
    forget(session, packet_id);
    pump(session);
}

void QueueSender::on_pubrec(Session& session, std::uint16_t packet_id, bool refused) {
    PersistentState& state = *session.persistent;
    const auto found = state.in_flight.find(packet_id);
    if (found == state.in_flight.end()) {
        if (!refused) outbound_.add_ack(session, mqtt::PacketType::pubrel, packet_id, false);
        return;
    }
    InFlight& message = found->second;
    if (refused) {
        if (message.state == InFlight::State::sent) forget(session, packet_id);
        return pump(session);
    }
    if (message.state == InFlight::State::released) return send_pubrel(session, packet_id);
    if (message.state != InFlight::State::sent) return;
    // The message is the client's; its packet id is ours until PUBCOMP.
    message.state = InFlight::State::releasing;
    IngestGroup& group = *context_.gathering;
    const std::uint64_t id = state.queue->id();
    group.change(removal(chunk_key(id, message.chunk)));
    group.change(put(packet_key(SessionKey::outgoing, id, packet_id),
                     encode(StoredOutgoing{true, message.chunk})));
    group.on_durable([this, ref = session.ref, packet_id](const Result<void>& stored) {
        Session* later = context_.sessions.find(ref);
        if (later == nullptr || !later->persistent) return;
        const auto known = later->persistent->in_flight.find(packet_id);
        if (known == later->persistent->in_flight.end()) return;
        known->second.state = stored ? InFlight::State::released : InFlight::State::sent;
        if (stored)
            reader_.settle(*later->persistent, known->second.chunk, known->second.message.bytes);
        if (later->state != SessionState::connected) return;
        if (!stored) return give_up(*later);
        if (!known->second.is_on_wire) {
            known->second.is_on_wire = true;
            ++later->persistent->on_wire;
        }
        send_pubrel(*later, packet_id);
    });
}

void QueueSender::on_pubcomp(Session& session, std::uint16_t packet_id) {
    const auto found = session.persistent->in_flight.find(packet_id);
    if (found == session.persistent->in_flight.end() ||
        found->second.state != InFlight::State::released)
        return;
    forget(session, packet_id);
    pump(session);
}

void QueueSender::send_pubrel(Session& session, std::uint16_t packet_id) {
    outbound_.add_ack(session, mqtt::PacketType::pubrel, packet_id, true);
}

// The message has come to its end, one way or another. What a crash brings back of it does no harm:
// QoS 1 comes again, and a QoS 2 packet id is released again.
void QueueSender::forget(Session& session, std::uint16_t packet_id) {
    PersistentState& state = *session.persistent;
    const auto found = state.in_flight.find(packet_id);
    assert(found != state.in_flight.end());
    const InFlight& message = found->second;
    assert(message.state != InFlight::State::releasing); // what is on its way to the disk goes on
    if (message.is_on_wire) --state.on_wire;
    if (message.message.qos == 2)
        context_.gathering->change_lazily(
            removal(packet_key(SessionKey::outgoing, state.queue->id(), packet_id)));
    if (message.state != InFlight::State::released)
        reader_.settle(state, message.chunk, message.message.bytes);
    state.in_flight.erase(found);
    outbound_.budget().give_back(kInFlightBytes);
    (void)session.subscriber->packet_ids.give_back(packet_id);
}

} // namespace holdfast::broker
