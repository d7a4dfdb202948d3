#include "broker/durable_sessions.hpp"

#include "broker/queue_sender.hpp"
#include "broker/session_store.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/log/state_write.hpp>
#include <holdfast/record/batch_builder.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace holdfast::broker {
namespace {

constexpr std::size_t kRemovalsAtOnce = 1000;
constexpr log::Keyspace kSessions = log::Keyspace::sessions;

void note_damage(const Session& session, const Error& error) {
    log_error("mqtt", "session '{}': {}", session.client_id, error.context);
}

} // namespace

Result<void> DurableSessions::load() {
    const std::string prefix = session_key("");
    return shard_.broker_.log().scan_state(
        kSessions, prefix, [&](std::string_view key, std::string_view value) {
            const std::string_view client_id = key.substr(prefix.size());
            if (shard_.broker_.home_of(client_id) == shard_.index_) take_up(client_id, value);
            return true;
        });
}

void DurableSessions::take_up(std::string_view client_id, std::string_view value) {
    const auto stored = decode_session(value);
    if (!stored) {
        log_error("mqtt", "session '{}': {}", client_id, stored.error().context);
        return;
    }
    Session& session = shard_.new_session();
    session.state = SessionState::offline;
    session.version = stored.value().version;
    shard_.name_session(session, std::string(client_id));
    session.durable = std::make_unique<DurableState>();
    DurableState& state = *session.durable;
    const BrokerSettings& settings = shard_.broker_.settings();
    const std::uint64_t id = stored.value().id;
    shard_.broker_.note_session_id(id);
    state.queue = std::make_shared<SessionQueue>(id, session.ref, settings.session_messages_max,
                                                 settings.session_bytes_max);
    state.expiry_s = stored.value().expiry_s;
    state.disconnected_ms = stored.value().disconnected_ms;
    if (state.disconnected_ms == 0) state.disconnected_ms = shard_.broker_.clock().now_ms();
    load_subscriptions(session);
    load_under_way(session);
    load_queue(session);
    load_will(session);
}

void DurableSessions::load_subscriptions(Session& session) {
    const std::string prefix = key_prefix(SessionKey::subscription, session.durable->queue->id());
    const auto scanned = shard_.broker_.log().scan_state(
        kSessions, prefix, [&](std::string_view key, std::string_view value) {
            auto subscription = decode_subscription(value);
            if (!subscription) {
                note_damage(session, subscription.error());
                return true;
            }
            subscription.value().session = session.ref;
            subscription.value().queue = session.durable->queue;
            const std::string filter(key.substr(prefix.size()));
            shard_.broker_.subscriptions().subscribe(filter, subscription.value());
            session.as_subscriber().subscriptions.emplace(filter, subscription.value());
            return true;
        });
    if (!scanned) note_damage(session, scanned.error());
}

void DurableSessions::load_under_way(Session& session) {
    DurableState& state = *session.durable;
    log::Log& log = shard_.broker_.log();
    const std::uint64_t id = state.queue->id();
    auto scanned = log.scan_state(kSessions, key_prefix(SessionKey::unreleased, id),
                                  [&](std::string_view key, std::string_view) {
                                      session.unreleased_ids().emplace(packet_id_of(key), true);
                                      return true;
                                  });
    if (!scanned) note_damage(session, scanned.error());
    scanned = log.scan_state(
        kSessions, key_prefix(SessionKey::outgoing, id),
        [&](std::string_view key, std::string_view value) {
            const auto stored = decode_outgoing(value);
            if (!stored) {
                note_damage(session, stored.error());
                return true;
            }
            const std::uint16_t packet_id = packet_id_of(key);
            InFlight message;
            message.chunk = stored.value().chunk;
            message.order = message.chunk; // in the order that they were queued in
            message.message.qos = 2;
            if (stored.value().is_released) {
                message.state = InFlight::State::released;
            } else {
                const auto chunk = log.state(kSessions, chunk_key(id, message.chunk));
                if (!chunk || !chunk.value()) return true; // nothing to send under that id
                auto messages = decode_chunk(*chunk.value());
                if (!messages) {
                    note_damage(session, messages.error());
                    return true;
                }
                message.message = std::move(messages.value().front());
                state.unsettled.emplace(message.chunk, 1);
            }
            state.sent = std::max(state.sent, message.order);
            session.as_subscriber().packet_ids.mark(packet_id);
            state.in_flight.emplace(packet_id, std::move(message));
            return true;
        });
    if (!scanned) note_damage(session, scanned.error());
}

void DurableSessions::load_queue(Session& session) {
    SessionQueue& queue = *session.durable->queue;
    std::uint64_t last = 0;
    const auto scanned =
        shard_.broker_.log().scan_state(kSessions, key_prefix(SessionKey::chunk, queue.id()),
                                        [&](std::string_view key, std::string_view value) {
                                            last = chunk_number(key);
                                            const auto messages = decode_chunk(value);
                                            if (!messages) return true; // said when its turn comes
                                            for (const QueuedMessage& message : messages.value())
                                                queue.add(1, message.bytes);
                                            return true;
                                        });
    if (!scanned) note_damage(session, scanned.error());
    for (const auto& [packet_id, message] : session.durable->in_flight)
        last = std::max(last, message.chunk); // its chunk is gone, its number is not free
    queue.begin_behind(last);
    session.durable->has_more = last != 0;
}

void DurableSessions::load_will(Session& session) {
    DurableState& state = *session.durable;
    const auto value =
        shard_.broker_.log().state(kSessions, key_prefix(SessionKey::will, state.queue->id()));
    if (!value || !value.value()) return;
    auto will = decode_will(*value.value());
    if (!will) return note_damage(session, will.error());
    session.will = std::make_unique<Will>(std::move(will).value());
    state.will_due_ms = state.disconnected_ms + std::int64_t{session.will->delay_s} * 1000;
}

Result<void> DurableSessions::remove_orphans(log::Log& log) {
    std::unordered_set<std::uint64_t> known;
    HF_TRY(
        log.scan_state(kSessions, session_key(""), [&](std::string_view, std::string_view value) {
            if (const auto session = decode_session(value)) known.insert(session.value().id);
            return true;
        }));
    std::vector<log::StateChange> removals;
    for (const SessionKey kind : {SessionKey::subscription, SessionKey::chunk,
                                  SessionKey::unreleased, SessionKey::outgoing, SessionKey::will}) {
        const std::string prefix(1, static_cast<char>(kind));
        HF_TRY(log.scan_state(kSessions, prefix, [&](std::string_view key, std::string_view) {
            if (key.size() < 9 || !known.contains(load_u64_be(as_bytes(key).data() + 1)))
                removals.push_back(removal(std::string(key)));
            return true;
        }));
    }
    return log::StateWrite::write(log, std::move(removals));
}

void DurableSessions::connected(Session& session, std::uint32_t expiry_s) {
    if (!session.durable) {
        const BrokerSettings& settings = shard_.broker_.settings();
        session.durable = std::make_unique<DurableState>();
        session.durable->queue = std::make_shared<SessionQueue>(
            shard_.broker_.new_session_id(), session.ref, settings.session_messages_max,
            settings.session_bytes_max);
    }
    session.durable->expiry_s = expiry_s;
    session.durable->disconnected_ms = 0;
    session.durable->will_due_ms = 0;
    store(session);
    if (session.will)
        shard_.open_->change_lazily(
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

void DurableSessions::store(Session& session) {
    const DurableState& state = *session.durable;
    shard_.open_->change_lazily(put(session_key(session.client_id),
                                    encode(StoredSession{state.queue->id(), state.expiry_s,
                                                         state.disconnected_ms, session.version})));
}

void DurableSessions::subscribed(Session& session, std::string_view filter,
                                 const Subscription& subscription) {
    shard_.open_->state_changes.push_back(
        put(subscription_key(session.durable->queue->id(), filter), encode(subscription)));
}

void DurableSessions::unsubscribed(Session& session, std::string_view filter) {
    shard_.open_->state_changes.push_back(
        removal(subscription_key(session.durable->queue->id(), filter)));
}

void DurableSessions::drop_will(Session& session) {
    if (!session.will) return;
    session.will.reset();
    session.durable->will_due_ms = 0;
    shard_.open_->change_lazily(
        removal(key_prefix(SessionKey::will, session.durable->queue->id())));
}

void DurableSessions::disconnected(Session& session) {
    DurableState& state = *session.durable;
    session.state = SessionState::offline;
    shard_.queues_->detach(session);
    state.disconnected_ms = shard_.now_ms_;
    if (session.will) {
        const std::uint32_t delay_s = std::min(session.will->delay_s, state.expiry_s);
        state.will_due_ms = shard_.now_ms_ + std::int64_t{delay_s} * 1000;
    }
    store(session);
    look_after(session);
}

void DurableSessions::look_after(Session& session) {
    DurableState& state = *session.durable;
    if (session.will && state.will_due_ms <= shard_.now_ms_) {
        shard_.publish_will(*session.will);
        drop_will(session);
    }
    const bool is_over =
        state.expiry_s != kNoExpiry &&
        state.disconnected_ms + std::int64_t{state.expiry_s} * 1000 <= shard_.now_ms_;
    if (is_over && state.expiry_s != 0) {
        log_info("mqtt", "session '{}' has expired with {} messages waiting", session.client_id,
                 state.queue->messages());
        shard_.end(session);
    }
}

void DurableSessions::remove(Session& session) {
    const DurableState& state = *session.durable;
    const std::uint64_t id = state.queue->id();
    auto& changes = shard_.open_->state_changes;
    changes.push_back(removal(session_key(session.client_id)));
    changes.push_back(removal(key_prefix(SessionKey::will, id)));
    if (session.subscriber)
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            changes.push_back(removal(subscription_key(id, filter)));
    if (session.unreleased)
        for (const auto& [packet_id, stored] : *session.unreleased)
            changes.push_back(removal(packet_key(SessionKey::unreleased, id, packet_id)));
    for (const auto& [packet_id, message] : state.in_flight)
        if (message.message.qos == 2)
            changes.push_back(removal(packet_key(SessionKey::outgoing, id, packet_id)));
    remove_chunks(id, {});
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
