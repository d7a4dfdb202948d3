#include "broker/session_loader.hpp"

#include "broker/persistent_sessions.hpp"
#include "broker/session_memory.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/keyspaces.hpp>
#include <holdfast/log/state_write.hpp>

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace holdfast::broker {

Result<void> SessionLoader::load() {
    const std::string prefix = session_key("");
    std::vector<log::StateChange> set_aside;
    HF_TRY(context_.broker.log().scan_state(
        kSessionsKeyspace, prefix, [&](std::string_view key, std::string_view value) {
            const std::string_view client_id = key.substr(prefix.size());
            if (context_.broker.home_of(client_id) != context_.index) return true;
            const auto taken_up = take_up(client_id, value);
            if (taken_up) return true;
            log_error("mqtt", "session '{}' is set aside: {}", client_id, taken_up.error().context);
            set_aside.push_back(removal(std::string(key)));
            set_aside.push_back(put(damaged_key(client_id), std::string(value)));
            return true;
        }));
    return log::StateWrite::write(context_.broker.log(), std::move(set_aside));
}

Result<void> SessionLoader::take_up(std::string_view client_id, std::string_view value) {
    Session& session = context_.sessions.add();
    session.state = SessionState::offline;
    context_.sessions.name(session, std::string(client_id));
    const auto load_all = [&]() -> Result<void> {
        HF_TRY(const StoredSession stored, decode_session(value));
        session.version = stored.version;
        make_persistent(context_.broker, session, stored.id);
        context_.broker.note_session_id(stored.id);
        PersistentState& state = *session.persistent;
        state.expiry_s = stored.expiry_s;
        state.owner = stored.owner;
        state.owner_common_name = stored.owner_common_name;
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
void SessionLoader::leave(Session& session) {
    if (session.subscriber)
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            context_.broker.subscriptions().unsubscribe(filter, session.ref);
    if (session.persistent) {
        budget_.give_back(session.persistent->in_flight.size() * kInFlightBytes);
        context_.broker.session_count().fetch_sub(1, std::memory_order_relaxed);
    }
    context_.sessions.free(session);
}

// How long it has been away already is what the clocks of then and now agree on: one that had no
// time yet, as at a start without a battery, says nothing.
void SessionLoader::begin_absence(PersistentState& state) {
    constexpr std::int64_t kPlausibleFromMs = 1'577'836'800'000; // 2020
    const Clock& clock = context_.broker.expiry_clock();
    const std::int64_t now_ms = clock.now_ms();
    std::int64_t away_ms = 0;
    if (state.disconnected_ms >= kPlausibleFromMs)
        away_ms = std::max<std::int64_t>(0, now_ms - state.disconnected_ms);
    if (state.disconnected_ms == 0) state.disconnected_ms = now_ms; // it was connected to the end
    state.away_since_ms = clock.monotonic_ms() - away_ms;
}

// Calls `each` for the session's keys of that kind until one fails.
Result<void> SessionLoader::scan(const Session& session, SessionKey kind, const EachKey& each) {
    Result<void> outcome = ok();
    HF_TRY(context_.broker.log().scan_state(kSessionsKeyspace,
                                            key_prefix(kind, session.persistent->queue->id()),
                                            [&](std::string_view key, std::string_view value) {
                                                outcome = each(key, value);
                                                return outcome.has_value();
                                            }));
    return outcome;
}

Result<void> SessionLoader::load_subscriptions(Session& session) {
    const std::size_t prefix_bytes = subscription_key(0, "").size();
    return scan(session, SessionKey::subscription,
                [&](std::string_view key, std::string_view value) -> Result<void> {
                    HF_TRY(Subscription subscription, decode_subscription(value));
                    subscription.session = session.ref;
                    subscription.queue = session.persistent->queue;
                    const std::string filter(key.substr(prefix_bytes));
                    keep(context_.broker.memory(), session, memory_of_subscription(filter));
                    context_.broker.subscriptions().subscribe(filter, subscription);
                    session.as_subscriber().subscriptions.emplace(filter, subscription);
                    return ok();
                });
}

Result<void> SessionLoader::load_unreleased(Session& session) {
    return scan(session, SessionKey::unreleased,
                [&](std::string_view key, std::string_view) -> Result<void> {
                    HF_TRY(const std::uint16_t packet_id, packet_id_of(key));
                    session.unreleased_ids().emplace(packet_id, true);
                    return ok();
                });
}

Result<void> SessionLoader::load_outgoing(Session& session) {
    PersistentState& state = *session.persistent;
    log::Log& log = context_.broker.log();
    return scan(
        session, SessionKey::outgoing,
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
                       log.state(kSessionsKeyspace, chunk_key(state.queue->id(), message.chunk)));
                if (!chunk) return ok(); // nothing to send under that id
                HF_TRY(auto messages, decode_chunk(*chunk));
                message.message = std::move(messages.front());
                state.unsettled.emplace(message.chunk, 1);
            }
            state.sent = std::max(state.sent, message.order);
            session.as_subscriber().packet_ids.mark(packet_id);
            state.in_flight.emplace(packet_id, std::move(message));
            budget_.take(kInFlightBytes);
            return ok();
        });
}

Result<void> SessionLoader::load_queue(Session& session) {
    SessionQueue& queue = *session.persistent->queue;
    std::uint64_t last = 0;
    HF_TRY(scan(session, SessionKey::chunk,
                [&](std::string_view key, std::string_view value) -> Result<void> {
                    HF_TRY(last, chunk_number(key));
                    HF_TRY(const auto messages, decode_chunk(value));
                    for (const QueuedMessage& message : messages) queue.add(1, message.bytes);
                    return ok();
                }));
    for (const auto& [packet_id, message] : session.persistent->in_flight)
        last = std::max(last, message.chunk); // its chunk is gone, its number is not free
    queue.begin_behind(last);
    if (session.persistent->known_chunk > last) {
        session.persistent->known_chunk = last + 1;
        session.persistent->known_messages = 0;
    }
    session.persistent->has_more = last != 0;
    return ok();
}

Result<void> SessionLoader::load_will(Session& session) {
    PersistentState& state = *session.persistent;
    HF_TRY(const auto value,
           context_.broker.log().state(kSessionsKeyspace,
                                       key_prefix(SessionKey::will, state.queue->id())));
    if (!value) return ok();
    HF_TRY(Will will, decode_will(*value));
    session.will = std::make_unique<Will>(std::move(will));
    keep(context_.broker.memory(), session, memory_of(*session.will));
    schedule_will(session);
    return ok();
}

} // namespace holdfast::broker
