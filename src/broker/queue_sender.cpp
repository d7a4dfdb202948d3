#include "broker/queue_sender.hpp"

#include "broker/inbound.hpp"
#include "broker/outbound.hpp"
#include "broker/session_store.hpp"
#include "broker/stored_message.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/broker/retained.hpp>
#include <holdfast/topic/topic.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kFreshChunksMax = 64; // known in memory, of one session
constexpr std::size_t kFreshBytesMax = 64U << 10U;
constexpr std::size_t kBytesPerTurn = 256U << 10U;
constexpr std::size_t kGatheredMax = 1U << 20U; // of all sessions in a turn
constexpr std::size_t kUnsentMax = 64U << 10U;  // in the transport; then it is the socket's turn

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

std::size_t fresh_bytes(const DurableState& state) {
    std::size_t sum = 0;
    for (const auto& [number, value] : state.fresh) sum += value.size();
    return sum;
}

} // namespace

namespace {

// Whether the next new message stands before what is to be sent again: that was under way when the
// server died, with older messages of QoS 1 whose packet ids nobody knows any more.
bool is_older(const DurableState& state) {
    const auto found = state.in_flight.find(state.to_resend.front());
    return found != state.in_flight.end() && state.chunk < found->second.chunk;
}

bool is_storing(const DurableState& state, std::uint16_t packet_id) {
    const auto found = state.in_flight.find(packet_id);
    return found != state.in_flight.end() && found->second.state == InFlight::State::storing;
}

} // namespace

QueueSender::QueueSender(Shard& shard)
    : shard_(shard),
      records_(shard.broker_.log()),
      expired_(shard.broker_.counters().dropped_expired),
      lost_(shard.broker_.counters().dropped_gone) {}

void QueueSender::on_chunk(Session& session, std::uint64_t number, std::string value) {
    DurableState& state = *session.durable;
    (void)session.as_subscriber();
    if (number < state.next_chunk) return; // was read meanwhile
    const bool has_room =
        state.fresh.size() < kFreshChunksMax && fresh_bytes(state) + value.size() <= kFreshBytesMax;
    // In memory only for those who take it soon; the others' stays where it is stored.
    if (!state.has_more && number == state.next_chunk && has_room && can_send(session)) {
        state.fresh.emplace_back(number, std::move(value));
        state.next_chunk = number + 1;
    } else {
        state.has_more = true; // and is read when its turn comes
    }
    pump(session);
}

// What waits here lies on the disk, so nobody is closed for want of room: a session whose client
// does not read what it has been sent just gets no more.
bool QueueSender::can_send(const Session& session) const {
    if (session.state != SessionState::connected || session.awaits_connack ||
        session.durable->on_wire >= session.receive_maximum ||
        session.subscriber->packet_ids.used() >= PacketIds::kMax)
        return false;
    return session.unsent_bytes == 0 ||
           (session.unsent_bytes < kUnsentMax && shard_.outbound_->room(session) > kUnsentMax);
}

void QueueSender::pump(Session& session) {
    DurableState& state = *session.durable;
    (void)session.as_subscriber();
    std::size_t bytes = 0;
    while (can_send(session)) {
        if (bytes > kBytesPerTurn || shard_.outbound_->gathered_bytes() > kGatheredMax)
            return go_on_later(session);
        const bool has_new = state.at < state.messages.size() || begin_chunk(session);
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
    shard_.broker_.port(shard_.index_).post([ref = session.ref](Shard& shard) {
        Session* later = shard.find(ref);
        if (later != nullptr && later->durable) shard.queues_->pump(*later);
    });
}

bool QueueSender::begin_chunk(Session& session) {
    DurableState& state = *session.durable;
    state.messages.clear();
    state.at = 0;
    while (state.messages.empty()) {
        if (state.fresh.empty() && (!state.has_more || !read_chunks(session))) return false;
        if (state.fresh.empty()) return false;
        auto [number, value] = std::move(state.fresh.front());
        state.fresh.pop_front();
        if (state.unsettled.contains(number)) continue; // under way since before the restart
        auto messages = decode_chunk(value);
        if (!messages) {
            log_error("mqtt", "session '{}', chunk {}: {}", session.client_id, number,
                      messages.error().context);
            lost_.add();
            shard_.open_->change_lazily(removal(chunk_key(state.queue->id(), number)));
            continue;
        }
        state.chunk = number;
        state.chunk_sent = 0;
        state.messages = std::move(messages).value();
        state.unsettled.emplace(number, static_cast<std::uint32_t>(state.messages.size()));
    }
    return true;
}

// The next stretch of the stored queue. False where that failed.
bool QueueSender::read_chunks(Session& session) {
    DurableState& state = *session.durable;
    const std::uint64_t id = state.queue->id();
    std::size_t bytes = 0;
    bool is_through = true;
    const auto scanned = shard_.broker_.log().scan_state(
        kSessionsKeyspace, key_prefix(SessionKey::chunk, id), chunk_key(id, state.next_chunk - 1),
        [&](std::string_view key, std::string_view value) {
            if (state.fresh.size() >= kFreshChunksMax || bytes > kFreshBytesMax) {
                is_through = false;
                return false;
            }
            const auto number = chunk_number(key);
            if (!number) return true; // nothing that was ever written
            state.fresh.emplace_back(number.value(), value);
            state.next_chunk = number.value() + 1;
            bytes += value.size();
            return true;
        });
    if (!scanned) {
        log_error("mqtt", "the queue of session '{}' cannot be read: {}", session.client_id,
                  scanned.error().context);
        return false;
    }
    state.has_more = !is_through;
    return true;
}

std::size_t QueueSender::send_new(Session& session, const QueuedMessage& message,
                                  std::uint64_t chunk, std::size_t number) {
    DurableState& state = *session.durable;
    const std::uint16_t packet_id = session.subscriber->packet_ids.take();
    InFlight& under_way = state.in_flight[packet_id];
    shard_.outbound_->budget().take(kInFlightBytes);
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
        IngestGroup& group = *shard_.open_;
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
    Session* session = shard_.find(ref);
    if (session == nullptr || !session->durable) return;
    const auto found = session->durable->in_flight.find(packet_id);
    if (found == session->durable->in_flight.end() ||
        found->second.state != InFlight::State::storing)
        return;
    found->second.state = InFlight::State::sent;
    --session->durable->storing;
    if (found->second.is_on_wire) --session->durable->on_wire;
    found->second.is_on_wire = false;
    if (session->state != SessionState::connected) return; // the next connection gets it
    if (!is_stored) return give_up(*session);
    auto& again = session->durable->to_resend; // where a take-over came in between
    std::erase(again, packet_id);
    if (!put_on_wire(*session, packet_id, found->second, false)) forget(*session, packet_id);
    if (session->durable->storing == 0) pump(*session);
}

void QueueSender::give_up(Session& session) {
    shard_.inbound_->disconnect(session, mqtt::ReasonCode::quota_exceeded,
                                "the state of a delivery could not be stored");
}

std::optional<std::size_t> QueueSender::put_on_wire(Session& session, std::uint16_t packet_id,
                                                    InFlight& message, bool duplicate) {
    const auto bytes = message.message.retained_topic.empty()
                           ? put_record(session, packet_id, message, duplicate)
                           : put_retained(session, packet_id, message, duplicate);
    if (!bytes) return std::nullopt;
    message.is_on_wire = true;
    ++session.durable->on_wire;
    return bytes;
}

std::optional<std::size_t> QueueSender::put_record(Session& session, std::uint16_t packet_id,
                                                   const InFlight& message, bool duplicate) {
    const auto found = records_.read(message.message.partition, message.message.offset);
    if (!found) {
        lost_.add();
        log_debug("mqtt", "a message for session '{}' is gone: {}", session.client_id,
                  found.error().context);
        return std::nullopt;
    }
    const StoredMessage stored = stored_message(*found.value());
    if (stored.expires_ms <= shard_.expiry_ms_) {
        expired_.add();
        return std::nullopt;
    }
    const OwnMatch match = own_match(session, stored.topic);
    OutPublish out;
    out.topic = stored.topic;
    out.payload = found.value()->value;
    out.properties = stored.properties;
    out.expires_ms = stored.expires_ms;
    out.expiry_max_s = stored.expiry_s;
    out.identifiers = match.identifiers;
    out.qos = message.message.qos;
    out.packet_id = packet_id;
    out.duplicate = duplicate;
    out.retain = stored.retain && match.retain_as_published;
    return shard_.outbound_->add_publish(session, out);
}

std::optional<std::size_t> QueueSender::put_retained(Session& session, std::uint16_t packet_id,
                                                     const InFlight& message, bool duplicate) {
    const std::string& topic = message.message.retained_topic;
    const auto value = shard_.broker_.log().state(kRetainedKeyspace, topic);
    if (!value || !value.value()) return std::nullopt; // cleared meanwhile
    const auto retained = decode_retained(*value.value());
    if (!retained || retained.value().expires_ms <= shard_.expiry_ms_) {
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
    out.qos = message.message.qos;
    out.packet_id = packet_id;
    out.duplicate = duplicate;
    out.retain = true;
    return shard_.outbound_->add_publish(session, out);
}

void QueueSender::resume(Session& session) {
    DurableState& state = *session.durable;
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
    DurableState& state = *session.durable;
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

void QueueSender::detach(Session& session) {
    DurableState& state = *session.durable;
    for (auto& [packet_id, message] : state.in_flight) message.is_on_wire = false;
    state.on_wire = 0;
    state.to_resend.clear();
    if (!state.fresh.empty()) { // not kept for those who are away
        state.next_chunk = state.fresh.front().first;
        state.fresh.clear();
        state.has_more = true;
    }
}

} // namespace holdfast::broker
