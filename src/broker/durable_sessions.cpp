#include "broker/durable_sessions.hpp"

#include "broker/outbound.hpp"
#include "broker/queue_sender.hpp"
#include "broker/session_memory.hpp"
#include "broker/session_store.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kRemovalsAtOnce = 1000;
constexpr log::Keyspace kSessions = kSessionsKeyspace;

// Removes the keys of that kind that belong to no session in `known`, a stretch at a time.
Result<void> remove_unknown(log::Log& log, SessionKey kind,
                            const std::unordered_set<std::uint64_t>& known) {
    const std::string prefix(1, static_cast<char>(kind));
    std::string after;
    for (bool has_more = true; has_more;) {
        std::vector<log::StateChange> removals;
        const std::string from = std::exchange(after, {});
        has_more = false;
        HF_TRY(log.scan_state(kSessions, prefix, from, [&](std::string_view key, std::string_view) {
            if (const auto id = session_id_of(key); id && known.contains(id.value())) return true;
            removals.push_back(removal(std::string(key)));
            has_more = removals.size() == kRemovalsAtOnce;
            if (has_more) after = key;
            return !has_more;
        }));
        HF_TRY(log::StateWrite::write(log, std::move(removals)));
    }
    return ok();
}

} // namespace

Result<void> DurableSessions::load() {
    const std::string prefix = session_key("");
    std::vector<log::StateChange> set_aside;
    HF_TRY(shard_.broker_.log().scan_state(
        kSessions, prefix, [&](std::string_view key, std::string_view value) {
            const std::string_view client_id = key.substr(prefix.size());
            if (shard_.broker_.home_of(client_id) != shard_.index_) return true;
            const auto taken_up = take_up(client_id, value);
            if (taken_up) return true;
            log_error("mqtt", "session '{}' is set aside: {}", client_id, taken_up.error().context);
            set_aside.push_back(removal(std::string(key)));
            set_aside.push_back(put(damaged_key(client_id), std::string(value)));
            return true;
        }));
    return log::StateWrite::write(shard_.broker_.log(), std::move(set_aside));
}

void DurableSessions::begin(Session& session, std::uint64_t id) {
    keep(shard_.broker_.memory(), session, kSessionBytes);
    const BrokerSettings& settings = shard_.broker_.settings();
    session.durable = std::make_unique<DurableState>();
    session.durable->queue = std::make_shared<SessionQueue>(
        id, session.ref, settings.session_messages_max, settings.session_bytes_max);
    shard_.broker_.session_count().fetch_add(1, std::memory_order_relaxed);
}

Result<void> DurableSessions::take_up(std::string_view client_id, std::string_view value) {
    Session& session = shard_.new_session();
    session.state = SessionState::offline;
    shard_.name_session(session, std::string(client_id));
    const auto load_all = [&]() -> Result<void> {
        HF_TRY(const StoredSession stored, decode_session(value));
        session.version = stored.version;
        begin(session, stored.id);
        shard_.broker_.note_session_id(stored.id);
        DurableState& state = *session.durable;
        state.expiry_s = stored.expiry_s;
        state.disconnected_ms = stored.disconnected_ms;
        state.known_chunk = stored.chunk;
        state.known_messages = stored.chunk_messages;
        // Connected when the server died: whatever waited may have been sent.
        if (stored.disconnected_ms == 0) state.known_chunk = UINT64_MAX;
        begin_absence(state);
        HF_TRY(load_subscriptions(session));
        HF_TRY(load_unreleased(session));
        HF_TRY(load_outgoing(session));
        HF_TRY(load_queue(session));
        return load_will(session);
    };
    auto loaded = load_all();
    if (!loaded) leave(session);
    return loaded;
}

// What was taken up of a session that is damaged further on. All that is stored of it stays.
void DurableSessions::leave(Session& session) {
    if (session.subscriber)
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            shard_.broker_.subscriptions().unsubscribe(filter, session.ref);
    if (session.durable) {
        shard_.outbound_->budget().give_back(session.durable->in_flight.size() * kInFlightBytes);
        shard_.broker_.session_count().fetch_sub(1, std::memory_order_relaxed);
    }
    shard_.slot_of_client_.erase(session.client_id);
    shard_.free(session);
}

// How long it has been away already is what the clocks of then and now agree on: one that had no
// time yet, as at a start without a battery, says nothing.
void DurableSessions::begin_absence(DurableState& state) {
    constexpr std::int64_t kPlausibleFromMs = 1'577'836'800'000; // 2020
    const Clock& clock = shard_.broker_.expiry_clock();
    const std::int64_t now_ms = clock.now_ms();
    std::int64_t away_ms = 0;
    if (state.disconnected_ms >= kPlausibleFromMs)
        away_ms = std::max<std::int64_t>(0, now_ms - state.disconnected_ms);
    if (state.disconnected_ms == 0) state.disconnected_ms = now_ms; // it was connected to the end
    state.away_since_ms = clock.monotonic_ms() - away_ms;
}

bool DurableSessions::is_over(const Session& session) const {
    const DurableState& state = *session.durable;
    return session.state == SessionState::offline && state.expiry_s != kNoExpiry &&
           state.away_since_ms + std::int64_t{state.expiry_s} * 1000 <=
               shard_.broker_.clock().monotonic_ms();
}

// Calls `each` for the session's keys of that kind until one fails.
Result<void> DurableSessions::scan(const Session& session, SessionKey kind, const EachKey& each) {
    Result<void> outcome = ok();
    HF_TRY(shard_.broker_.log().scan_state(kSessions,
                                           key_prefix(kind, session.durable->queue->id()),
                                           [&](std::string_view key, std::string_view value) {
                                               outcome = each(key, value);
                                               return outcome.has_value();
                                           }));
    return outcome;
}

Result<void> DurableSessions::load_subscriptions(Session& session) {
    const std::size_t prefix_bytes = subscription_key(0, "").size();
    return scan(session, SessionKey::subscription,
                [&](std::string_view key, std::string_view value) -> Result<void> {
                    HF_TRY(Subscription subscription, decode_subscription(value));
                    subscription.session = session.ref;
                    subscription.queue = session.durable->queue;
                    const std::string filter(key.substr(prefix_bytes));
                    keep(shard_.broker_.memory(), session, memory_of_subscription(filter));
                    shard_.broker_.subscriptions().subscribe(filter, subscription);
                    session.as_subscriber().subscriptions.emplace(filter, subscription);
                    return ok();
                });
}

Result<void> DurableSessions::load_unreleased(Session& session) {
    return scan(session, SessionKey::unreleased,
                [&](std::string_view key, std::string_view) -> Result<void> {
                    HF_TRY(const std::uint16_t packet_id, packet_id_of(key));
                    session.unreleased_ids().emplace(packet_id, true);
                    return ok();
                });
}

Result<void> DurableSessions::load_outgoing(Session& session) {
    DurableState& state = *session.durable;
    log::Log& log = shard_.broker_.log();
    return scan(session, SessionKey::outgoing,
                [&](std::string_view key, std::string_view value) -> Result<void> {
                    HF_TRY(const StoredOutgoing stored, decode_outgoing(value));
                    HF_TRY(const std::uint16_t packet_id, packet_id_of(key));
                    InFlight message;
                    message.chunk = stored.chunk;
                    message.order = message.chunk; // in the order that they were queued in
                    message.message.qos = 2;
                    if (stored.is_released) {
                        message.state = InFlight::State::released;
                    } else {
                        HF_TRY(const auto chunk,
                               log.state(kSessions, chunk_key(state.queue->id(), message.chunk)));
                        if (!chunk) return ok(); // nothing to send under that id
                        HF_TRY(auto messages, decode_chunk(*chunk));
                        message.message = std::move(messages.front());
                        state.unsettled.emplace(message.chunk, 1);
                    }
                    state.sent = std::max(state.sent, message.order);
                    session.as_subscriber().packet_ids.mark(packet_id);
                    state.in_flight.emplace(packet_id, std::move(message));
                    shard_.outbound_->budget().take(kInFlightBytes);
                    return ok();
                });
}

Result<void> DurableSessions::load_queue(Session& session) {
    SessionQueue& queue = *session.durable->queue;
    std::uint64_t last = 0;
    HF_TRY(scan(session, SessionKey::chunk,
                [&](std::string_view key, std::string_view value) -> Result<void> {
                    HF_TRY(last, chunk_number(key));
                    HF_TRY(const auto messages, decode_chunk(value));
                    for (const QueuedMessage& message : messages) queue.add(1, message.bytes);
                    return ok();
                }));
    for (const auto& [packet_id, message] : session.durable->in_flight)
        last = std::max(last, message.chunk); // its chunk is gone, its number is not free
    queue.begin_behind(last);
    if (session.durable->known_chunk > last) {
        session.durable->known_chunk = last + 1;
        session.durable->known_messages = 0;
    }
    session.durable->has_more = last != 0;
    return ok();
}

Result<void> DurableSessions::load_will(Session& session) {
    DurableState& state = *session.durable;
    HF_TRY(const auto value,
           shard_.broker_.log().state(kSessions, key_prefix(SessionKey::will, state.queue->id())));
    if (!value) return ok();
    HF_TRY(Will will, decode_will(*value));
    session.will = std::make_unique<Will>(std::move(will));
    keep(shard_.broker_.memory(), session, memory_of(*session.will));
    schedule_will(session);
    return ok();
}

// MQTT5 section 3.1.3.2.2: when the delay is over or the session ends, whichever is first.
void DurableSessions::schedule_will(Session& session) {
    DurableState& state = *session.durable;
    const std::uint32_t delay_s = std::min(session.will->delay_s, state.expiry_s);
    state.will_due_ms = state.away_since_ms + std::int64_t{delay_s} * 1000;
}

Result<void> DurableSessions::remove_orphans(log::Log& log) {
    std::unordered_set<std::uint64_t> known;
    const auto note = [&known](std::string_view, std::string_view value) {
        // Also where the rest of the record is damaged: what is its own stays with it.
        if (const auto id = session_id_of(value)) known.insert(id.value());
        return true;
    };
    for (const std::string& prefix : {session_key(""), damaged_key("")}) {
        HF_TRY(log.scan_state(kSessions, prefix, note));
    }
    for (const SessionKey kind : {SessionKey::subscription, SessionKey::chunk,
                                  SessionKey::unreleased, SessionKey::outgoing, SessionKey::will}) {
        HF_TRY(remove_unknown(log, kind, known));
    }
    return ok();
}

// At once, not some time: what a client was promised must be there when the server dies.
void DurableSessions::connected(Session& session, std::uint32_t expiry_s) {
    if (!session.durable) begin(session, shard_.broker_.new_session_id());
    session.durable->expiry_s = expiry_s;
    session.durable->disconnected_ms = 0;
    session.durable->will_due_ms = 0;
    IngestGroup& group = *shard_.open_;
    group.change(put(session_key(session.client_id), encode(stored(session))));
    if (session.will)
        group.change(
            put(key_prefix(SessionKey::will, session.durable->queue->id()), encode(*session.will)));
    // Filters speak to the wire format of a QoS 0 message.
    if (!session.subscriber) return;
    SubscriptionIndex& index = shard_.broker_.subscriptions();
    for (auto& [filter, subscription] : session.subscriber->subscriptions) {
        if (subscription.is_v5 == session.is_v5()) continue;
        subscription.is_v5 = session.is_v5();
        index.unsubscribe(filter, session.ref);
        index.subscribe(filter, subscription);
    }
}

void DurableSessions::set_expiry(Session& session, std::uint32_t expiry_s) {
    session.durable->expiry_s = expiry_s;
    store(session);
}

StoredSession DurableSessions::stored(const Session& session) {
    const DurableState& state = *session.durable;
    // What was sent before the server started stays known until it is sent again.
    const bool is_further = state.chunk >= state.known_chunk;
    return {state.queue->id(),
            state.expiry_s,
            state.disconnected_ms,
            session.version,
            is_further ? state.chunk : state.known_chunk,
            static_cast<std::uint32_t>(is_further ? state.chunk_sent : state.known_messages)};
}

void DurableSessions::store(Session& session) {
    shard_.open_->change_lazily(put(session_key(session.client_id), encode(stored(session))));
}

void DurableSessions::subscribed(Session& session, std::string_view filter,
                                 const Subscription& subscription) {
    shard_.open_->change(
        put(subscription_key(session.durable->queue->id(), filter), encode(subscription)));
}

void DurableSessions::unsubscribed(Session& session, std::string_view filter) {
    shard_.open_->change(removal(subscription_key(session.durable->queue->id(), filter)));
}

void DurableSessions::drop_will(Session& session) {
    if (!session.will) return;
    let_go(shard_.broker_.memory(), session, memory_of(*session.will));
    session.will.reset();
    session.durable->will_due_ms = 0;
    shard_.open_->change_lazily(
        removal(key_prefix(SessionKey::will, session.durable->queue->id())));
}

void DurableSessions::disconnected(Session& session) {
    DurableState& state = *session.durable;
    session.state = SessionState::offline;
    shard_.queues_->detach(session);
    state.disconnected_ms = shard_.expiry_ms_;
    state.away_since_ms = shard_.monotonic_ms_;
    if (session.will) schedule_will(session);
    // At once: it says what was sent, and since when the session is away.
    shard_.open_->change(put(session_key(session.client_id), encode(stored(session))));
    look_after(session);
}

void DurableSessions::look_after(Session& session) {
    DurableState& state = *session.durable;
    if (session.will && state.will_due_ms <= shard_.monotonic_ms_) {
        shard_.publish_will(*session.will);
        drop_will(session);
    }
    if (is_over(session)) {
        log_info("mqtt", "session '{}' has expired with {} messages waiting", session.client_id,
                 state.queue->messages());
        shard_.end(session);
    }
}

void DurableSessions::remove(Session& session) {
    const DurableState& state = *session.durable;
    const std::uint64_t id = state.queue->id();
    IngestGroup& group = *shard_.open_;
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
    shard_.outbound_->budget().give_back(state.in_flight.size() * kInFlightBytes);
    remove_chunks(id, {});
    shard_.broker_.session_count().fetch_sub(1, std::memory_order_relaxed);
}

// A stretch at a time. What a group on its way still adds is an orphan, which the next start
// removes.
void DurableSessions::remove_chunks(std::uint64_t id, std::string after) {
    std::size_t count = 0;
    const std::string from = after;
    const auto scanned =
        shard_.broker_.log().scan_state(kSessions, key_prefix(SessionKey::chunk, id), from,
                                        [&](std::string_view key, std::string_view) {
                                            shard_.open_->change_lazily(removal(std::string(key)));
                                            after = key;
                                            return ++count < kRemovalsAtOnce;
                                        });
    if (!scanned) log_error("mqtt", "the queue of an ended session: {}", scanned.error().context);
    if (count < kRemovalsAtOnce) return;
    shard_.broker_.port(shard_.index_).post([id, after](Shard& shard) {
        shard.durable_->remove_chunks(id, after);
    });
}

} // namespace holdfast::broker
