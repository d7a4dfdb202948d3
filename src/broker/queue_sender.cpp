#include "broker/queue_sender.hpp"

#include "broker/session_codec.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kBytesPerTurn = 256U << 10U;
constexpr std::size_t kGatheredMax = 1U << 20U; // of all sessions in a turn
constexpr std::size_t kUnsentMax = 64U << 10U;  // in the transport; then it is the socket's turn

// Whether the next new message stands before what is to be sent again: that was under way when the
// server died, with older messages of QoS 1 whose packet ids nobody knows any more.
bool is_older(const PersistentState& state) {
    const auto found = state.in_flight.find(state.to_resend.front());
    return found != state.in_flight.end() && state.chunk < found->second.chunk;
}

bool is_storing(const PersistentState& state, std::uint16_t packet_id) {
    const auto found = state.in_flight.find(packet_id);
    return found != state.in_flight.end() && found->second.state == InFlight::State::storing;
}

} // namespace

void QueueSender::on_chunk(Session& session, std::uint64_t number, std::string value) {
    (void)session.as_subscriber();
    if (!reader_.add(*session.persistent, number, std::move(value), can_send(session))) return;
    pump(session);
}

// What waits here lies on the disk, so nobody is closed for want of room: a session whose client
// does not read what it has been sent just gets no more.
bool QueueSender::can_send(const Session& session) const {
    if (session.state != SessionState::connected || session.awaits_connack ||
        session.persistent->on_wire >= session.receive_maximum ||
        session.subscriber->packet_ids.used() >= PacketIds::kMax)
        return false;
    return session.unsent_bytes == 0 ||
           (session.unsent_bytes < kUnsentMax && outbound_.room(session) > kUnsentMax);
}

void QueueSender::pump(Session& session) {
    PersistentState& state = *session.persistent;
    (void)session.as_subscriber();
    std::size_t bytes = 0;
    while (can_send(session)) {
        if (bytes > kBytesPerTurn || outbound_.gathered_bytes() > kGatheredMax)
            return go_on_later(session);
        const bool has_new = reader_.has_next(session);
        if (!state.to_resend.empty() && !(has_new && is_older(state))) {
            if (state.storing != 0 && is_storing(state, state.to_resend.front())) return;
            const std::uint16_t packet_id = state.to_resend.front();
            state.to_resend.pop_front();
            bytes += resend(session, packet_id);
        } else if (has_new) {
            // QoS 2 goes out when its packet id is stored: what stands behind it waits for that.
            if (state.storing != 0 && state.messages[state.at].qos != 2) return;
            const QueuedMessage& message = state.messages[state.at++];
            bytes += send_new(session, message, state.chunk, state.at);
        } else {
            return;
        }
    }
}

void QueueSender::go_on_later(Session& session) {
    context_.broker.port(context_.index).post([this, ref = session.ref](Shard&) {
        Session* later = context_.sessions.find(ref);
        if (later != nullptr && later->persistent) pump(*later);
    });
}

std::size_t QueueSender::send_new(Session& session, const QueuedMessage& message,
                                  std::uint64_t chunk, std::size_t number) {
    PersistentState& state = *session.persistent;
    const std::uint16_t packet_id = session.subscriber->packet_ids.take();
    InFlight& under_way = state.in_flight[packet_id];
    outbound_.budget().take(kInFlightBytes);
    under_way.message = message;
    under_way.chunk = chunk;
    state.chunk_sent = number;
    under_way.order = ++state.sent;
    under_way.may_be_known =
        chunk < state.known_chunk || (chunk == state.known_chunk && number <= state.known_messages);
    if (message.qos == 2) {
        under_way.state = InFlight::State::storing;
        under_way.is_on_wire = true; // counts, though it is not there yet
        ++state.on_wire;
        ++state.storing;
        IngestGroup& group = *context_.gathering;
        group.change(put(packet_key(SessionKey::outgoing, state.queue->id(), packet_id),
                         encode(StoredOutgoing{false, chunk})));
        group.on_durable([this, ref = session.ref, packet_id](const Result<void>& stored) {
            send_stored(ref, packet_id, stored.has_value());
        });
        return 0;
    }
    if (const auto bytes = put_on_wire(session, packet_id, under_way, under_way.may_be_known))
        return *bytes;
    forget(session, packet_id);
    return 0;
}

// The packet id of a QoS 2 message is stored, or cannot be: then the client is asked to come again.
void QueueSender::send_stored(SessionRef ref, std::uint16_t packet_id, bool is_stored) {
    Session* session = context_.sessions.find(ref);
    if (session == nullptr || !session->persistent) return;
    const auto found = session->persistent->in_flight.find(packet_id);
    if (found == session->persistent->in_flight.end() ||
        found->second.state != InFlight::State::storing)
        return;
    found->second.state = InFlight::State::sent;
    --session->persistent->storing;
    if (found->second.is_on_wire) --session->persistent->on_wire;
    found->second.is_on_wire = false;
    if (session->state != SessionState::connected) return; // the next connection gets it
    if (!is_stored) return give_up(*session);
    auto& again = session->persistent->to_resend; // where a take-over came in between
    std::erase(again, packet_id);
    if (!put_on_wire(*session, packet_id, found->second, false)) forget(*session, packet_id);
    if (session->persistent->storing == 0) pump(*session);
}

void QueueSender::give_up(Session& session) {
    closer_.disconnect(session, mqtt::ReasonCode::quota_exceeded,
                       "the state of a delivery could not be stored");
}

std::optional<std::size_t> QueueSender::put_on_wire(Session& session, std::uint16_t packet_id,
                                                    InFlight& message, bool duplicate) {
    const auto bytes = publisher_.send(session, message.message, packet_id, duplicate);
    if (!bytes) return std::nullopt;
    message.is_on_wire = true;
    ++session.persistent->on_wire;
    return bytes;
}

void QueueSender::resume(Session& session) {
    PersistentState& state = *session.persistent;
    (void)session.as_subscriber();
    std::vector<std::pair<std::uint64_t, std::uint16_t>> in_order;
    for (const auto& [packet_id, message] : state.in_flight)
        in_order.emplace_back(message.order, packet_id);
    std::ranges::sort(in_order);
    state.to_resend.clear();
    for (const auto& [order, packet_id] : in_order) state.to_resend.push_back(packet_id);
    pump(session);
}

std::size_t QueueSender::resend(Session& session, std::uint16_t packet_id) {
    PersistentState& state = *session.persistent;
    const auto found = state.in_flight.find(packet_id);
    if (found == state.in_flight.end() || found->second.is_on_wire) return 0;
    switch (found->second.state) {
        case InFlight::State::storing:
        case InFlight::State::releasing: return 0; // goes on by itself when that is stored
        case InFlight::State::released:
            found->second.is_on_wire = true;
            ++state.on_wire;
            send_pubrel(session, packet_id);
            return 4;
        case InFlight::State::sent: break;
    }
    if (const auto bytes = put_on_wire(session, packet_id, found->second, true)) return *bytes;
    forget(session, packet_id);
    return 0;
}

} // namespace holdfast::broker
