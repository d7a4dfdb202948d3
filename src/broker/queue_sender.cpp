#include "broker/queue_sender.hpp"

#include "broker/session_codec.hpp"

#include <holdfast/base/log_line.hpp>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

constexpr std::size_t kBytesPerTurn = 256U << 10U;
constexpr std::size_t kGatheredMax = 1U << 20U; // of all sessions in a turn
constexpr std::size_t kReadAheadMax = 64;       // messages of one session
constexpr std::size_t kUnsentMax = 64U << 10U;  // in the transport; then it is the socket's turn

// Whether the next new message stands before what is to be sent again: that was under way when the
// server died, with older messages of QoS 1 whose packet ids nobody knows any more.
bool is_older(const PersistentState& state) {
    const auto found = state.in_flight.find(state.to_resend.front());
    return found != state.in_flight.end() && state.chunk < found->second.chunk;
}

// What is to be sent under that packet id again; null where it is no PUBLISH.
const QueuedMessage* to_send_again(const PersistentState& state, std::uint16_t packet_id) {
    const auto found = state.in_flight.find(packet_id);
    const bool is_publish = found != state.in_flight.end() && !found->second.is_on_wire &&
                            found->second.state == InFlight::State::sent;
    return is_publish ? &found->second.message : nullptr;
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
    if (state.is_reading) return; // the answer goes on
    std::size_t bytes = 0;
    while (can_send(session)) {
        if (bytes > kBytesPerTurn || outbound_.gathered_bytes() > kGatheredMax)
            return go_on_later(session);
        const bool has_new = reader_.has_next(session);
        if (!has_new && reader_.wants_read(state)) return read_chunks(session);
        if (!state.to_resend.empty() && !(has_new && is_older(state))) {
            if (state.storing != 0 && is_storing(state, state.to_resend.front())) return;
            const std::uint16_t packet_id = state.to_resend.front();
            if (const QueuedMessage* const again = to_send_again(state, packet_id);
                again != nullptr && !publisher_.is_ready(*again))
                return read_messages(session, false);
            state.to_resend.pop_front();
            bytes += resend(session, packet_id);
        } else if (has_new) {
            // QoS 2 goes out when its packet id is stored: what stands behind it waits for that.
            if (state.storing != 0 && state.messages[state.at].qos != 2) return;
            if (!state.chunk_is_new && !publisher_.is_ready(state.messages[state.at]))
                return read_messages(session, true);
            const QueuedMessage& message = state.messages[state.at++];
            bytes += send_new(session, message, state.chunk, state.at);
        } else {
            return;
        }
    }
    state.chunk_is_new = false; // by the time that the client takes the rest it may be on the disk
}

void QueueSender::go_on_later(Session& session) {
    context_.broker.port(context_.index).post([this, ref = session.ref](Shard&) {
        Session* later = context_.sessions.find(ref);
        if (later != nullptr && later->persistent) pump(*later);
    });
}

void QueueSender::read_chunks(Session& session) {
    PersistentState& state = *session.persistent;
    state.is_reading = true;
    state.more_came = false;
    context_.reads.run([this, &log = context_.broker.log(), ref = session.ref,
                        id = state.queue->id(), first = state.next_chunk] {
        auto read = std::make_shared<Result<QueueStretch>>(read_stretch(log, id, first));
        return [this, ref, read] { on_chunks(ref, *read); };
    });
}

void QueueSender::on_chunks(SessionRef ref, Result<QueueStretch>& read) {
    Session* const session = context_.sessions.find(ref);
    if (session == nullptr || !session->persistent) return;
    if (!read) { // whatever comes next for the session tries again
        log_error("mqtt", "the queue of session '{}' cannot be read: {}", session->client_id,
                  read.error().context);
        session->persistent->is_reading = false;
        return;
    }
    reader_.take(*session->persistent, std::move(read).value());
    if (session->state == SessionState::connected) pump(*session);
}

// As many as the client takes before it acknowledges one, within the bounds of read_contents().
void QueueSender::read_messages(Session& session, bool new_ones_first) {
    PersistentState& state = *session.persistent;
    const std::size_t most =
        std::min<std::size_t>(kReadAheadMax, session.receive_maximum - state.on_wire);
    std::vector<QueuedMessage> wanted;
    if (!new_ones_first)
        for (const std::uint16_t packet_id : state.to_resend)
            if (const QueuedMessage* const again = to_send_again(state, packet_id);
                again != nullptr && wanted.size() < most)
                wanted.push_back(*again);
    for (std::size_t i = state.at; i < state.messages.size() && wanted.size() < most; ++i)
        wanted.push_back(state.messages[i]);
    assert(!wanted.empty());
    state.is_reading = true;
    context_.reads.run(
        [this, &log = context_.broker.log(), ref = session.ref, wanted = std::move(wanted)] {
            auto contents = std::make_shared<QueueContents>(read_contents(log, wanted));
            return [this, ref, contents] { on_messages(ref, *contents); };
        });
}

void QueueSender::on_messages(SessionRef ref, QueueContents& contents) {
    Session* const session = context_.sessions.find(ref);
    if (session == nullptr || !session->persistent) return;
    session->persistent->is_reading = false;
    publisher_.add(std::move(contents));
    if (session->state == SessionState::connected) pump(*session);
    // By the next time another may be retained.
    publisher_.forget_retained();
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
