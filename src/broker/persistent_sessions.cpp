#include "broker/persistent_sessions.hpp"

#include "broker/session_memory.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

constexpr std::size_t kRemovalsAtOnce = 1000; // of a long queue, in a turn

} // namespace

void make_persistent(Broker& broker, Session& session, std::uint64_t id) {
    assert(!session.persistent); // its queue would be forgotten
    keep(broker.memory(), session, kSessionBytes);
    const BrokerSettings& settings = broker.settings();
    session.persistent = std::make_unique<PersistentState>();
    session.persistent->queue = std::make_shared<SessionQueue>(
        id, session.ref, settings.session_messages_max, settings.session_bytes_max);
    broker.session_count().fetch_add(1, std::memory_order_relaxed);
}

// MQTT5 section 3.1.3.2.2: when the delay is over or the session ends, whichever is first.
void schedule_will(Session& session) {
    PersistentState& state = *session.persistent;
    const std::uint32_t delay_s = std::min(session.will->delay_s, state.expiry_s);
    state.will_due_ms = state.away_since_ms + std::int64_t{delay_s} * 1000;
}

bool PersistentSessions::is_over(const Session& session) const {
    const PersistentState& state = *session.persistent;
    return session.state == SessionState::offline && state.expiry_s != kNoExpiry &&
           state.away_since_ms + std::int64_t{state.expiry_s} * 1000 <=
               context_.broker.clock().monotonic_ms();
}

// At once, not some time: what a client was promised must be there when the server dies.
void PersistentSessions::connected(Session& session, std::uint32_t expiry_s) {
    if (!session.persistent)
        make_persistent(context_.broker, session, context_.broker.new_session_id());
    session.persistent->expiry_s = expiry_s;
    if (session.admission) {
        session.persistent->owner = session.admission->principal.name;
        session.persistent->owner_common_name = session.admission->principal.common_name;
    }
    session.persistent->disconnected_ms = 0;
    session.persistent->will_due_ms = 0;
    IngestGroup& group = *context_.gathering;
    group.change(put(session_key(session.client_id), encode(stored(session))));
    if (session.will)
        group.change(put(key_prefix(SessionKey::will, session.persistent->queue->id()),
                         encode(*session.will)));
    // Filters speak to the wire format of a QoS 0 message.
    if (!session.subscriber) return;
    SubscriptionIndex& index = context_.broker.subscriptions();
    for (auto& [filter, subscription] : session.subscriber->subscriptions) {
        if (subscription.is_v5 == session.is_v5()) continue;
        subscription.is_v5 = session.is_v5();
        if (subscription.is_denied) continue;
        index.unsubscribe(filter, session.ref);
        index.subscribe(filter, subscription);
    }
}

void PersistentSessions::set_expiry(Session& session, std::uint32_t expiry_s) {
    session.persistent->expiry_s = expiry_s;
    store(session);
}

StoredSession PersistentSessions::stored(const Session& session) {
    const PersistentState& state = *session.persistent;
    // What was sent before the server started stays known until it is sent again.
    const bool is_further = state.chunk >= state.known_chunk;
    return {state.queue->id(),
            state.expiry_s,
            state.disconnected_ms,
            session.version,
            is_further ? state.chunk : state.known_chunk,
            static_cast<std::uint32_t>(is_further ? state.chunk_sent : state.known_messages),
            state.owner,
            state.owner_common_name};
}

void PersistentSessions::store(Session& session) {
    context_.gathering->change_lazily(put(session_key(session.client_id), encode(stored(session))));
}

void PersistentSessions::subscribed(Session& session, std::string_view filter,
                                    const Subscription& subscription) {
    context_.gathering->change(
        put(subscription_key(session.persistent->queue->id(), filter), encode(subscription)));
}

void PersistentSessions::unsubscribed(Session& session, std::string_view filter) {
    context_.gathering->change(removal(subscription_key(session.persistent->queue->id(), filter)));
}

void PersistentSessions::drop_will(Session& session) {
    if (!session.will) return;
    let_go(context_.broker.memory(), session, memory_of(*session.will));
    session.will.reset();
    session.persistent->will_due_ms = 0;
    context_.gathering->change_lazily(
        removal(key_prefix(SessionKey::will, session.persistent->queue->id())));
}

void PersistentSessions::disconnected(Session& session) {
    PersistentState& state = *session.persistent;
    assert(session.state == SessionState::closing);
    session.state = SessionState::offline;
    state.lose_connection();
    state.disconnected_ms = context_.clock.expiry_ms;
    state.away_since_ms = context_.clock.monotonic_ms;
    if (session.will) schedule_will(session);
    // At once: it says what was sent, and since when the session is away.
    context_.gathering->change(put(session_key(session.client_id), encode(stored(session))));
}

void PersistentSessions::remove(Session& session) {
    const PersistentState& state = *session.persistent;
    const std::uint64_t id = state.queue->id();
    IngestGroup& group = *context_.gathering;
    group.change(removal(session_key(session.client_id)));
    group.change(removal(key_prefix(SessionKey::will, id)));
    if (session.subscriber)
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            group.change(removal(subscription_key(id, filter)));
    if (session.unreleased)
        for (const auto& [packet_id, stored] : *session.unreleased)
            group.change(removal(packet_key(SessionKey::unreleased, id, packet_id)));
    for (const auto& [packet_id, message] : state.in_flight)
        if (message.message.qos == 2)
            group.change(removal(packet_key(SessionKey::outgoing, id, packet_id)));
    budget_.give_back(state.in_flight.size() * kInFlightBytes);
    remove_chunks(id, {});
    context_.broker.session_count().fetch_sub(1, std::memory_order_relaxed);
}

// A stretch at a time. What a group on its way still adds is an orphan, which the next start
// removes.
void PersistentSessions::remove_chunks(std::uint64_t id, std::string after) {
    context_.reads.run([this, &log = context_.broker.log(), id, after = std::move(after)] {
        auto keys = std::make_shared<std::vector<std::string>>();
        const auto scanned = log.scan_state(kSessionsKeyspace, key_prefix(SessionKey::chunk, id),
                                            after, [&](std::string_view key, std::string_view) {
                                                keys->emplace_back(key);
                                                return keys->size() < kRemovalsAtOnce;
                                            });
        if (!scanned)
            log_error("mqtt", "the queue of an ended session: {}", scanned.error().context);
        return [this, id, keys] {
            for (const std::string& key : *keys) context_.gathering->change_lazily(removal(key));
            if (keys->size() == kRemovalsAtOnce) remove_chunks(id, keys->back());
        };
    });
}

} // namespace holdfast::broker
