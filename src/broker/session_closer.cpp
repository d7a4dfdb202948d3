#include "broker/session_closer.hpp"

#include "broker/session_memory.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/disconnect.hpp>

#include <cassert>

namespace holdfast::broker {

void SessionCloser::disconnect(Session& session, mqtt::ReasonCode reason, std::string_view why) {
    // Before its CONNACK a client cannot read DISCONNECT, and MQTT 3 servers never send one.
    if (session.is_v5() && session.state == SessionState::connected && !session.awaits_connack) {
        scratch_.clear();
        mqtt::Disconnect packet{reason, {}};
        if (session.wants_problem_information) packet.properties.reason_string = why;
        mqtt::encode_disconnect(scratch_, packet, session.version);
        if (scratch_.size() <= session.packet_bytes_max) outbound_.add_control(session, scratch_);
    }
    close(session, why);
}

void SessionCloser::close(Session& session, std::string_view why, bool lingers) {
    // Its last words may be what it is closed for once more, for want of memory.
    if (session.state == SessionState::closing) return;
    assert(session.state == SessionState::connecting || session.state == SessionState::connected);
    if (log_enabled(LogLevel::debug))
        log_debug("mqtt", "client '{}' from {} closed: {}", session.client_id, session.peer.address,
                  why);
    const bool was_connected = session.state == SessionState::connected;
    session.state = SessionState::closing;
    session.awaits_connack = false;
    outbound_.flush(session);
    context_.transport.close(session.ref.slot, lingers);
    session.peer.place.reset();
    session.user_place.reset();
    MemoryAccount& memory = context_.broker.memory();
    if (was_connected) context_.broker.client_count().fetch_sub(1, std::memory_order_relaxed);
    outbound_.note_held(session, 0);
    memory.give_back(session.partial_bytes);
    session.partial_bytes = 0;
    session.partial = Bytes();
    // Aliases are the connection's, not the session's [MQTT5-3.3.2-7].
    if (session.topic_aliases)
        for (const std::string& topic : *session.topic_aliases)
            let_go(memory, session, topic.size());
    session.topic_aliases.reset();
    if (session.persistent && session.persistent->expiry_s != 0) {
        persistent_.disconnected(session);
        look_after(session); // its will may be due at once
    } else {
        end(session);
    }
}

void SessionCloser::publish_will(const Session& session) {
    if (session.will && doorkeeper_.may_publish_will(session))
        publisher_.publish_will(*session.will);
}

void SessionCloser::drop_will(Session& session) {
    if (!session.will) return;
    if (session.persistent) return persistent_.drop_will(session);
    let_go(context_.broker.memory(), session, memory_of(*session.will));
    session.will.reset();
}

void SessionCloser::end(Session& session) {
    assert(session.state == SessionState::closing || session.state == SessionState::offline);
    publish_will(session);
    if (session.persistent) persistent_.remove(session);
    if (session.subscriber) {
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            context_.broker.subscriptions().unsubscribe(filter, session.ref);
        outbound_.budget().give_back(session.subscriber->queue_bytes);
    }
    context_.sessions.free(session);
}

void SessionCloser::look_after(Session& session) {
    assert(session.state == SessionState::offline && session.persistent);
    PersistentState& state = *session.persistent;
    if (session.will && state.will_due_ms <= context_.clock.monotonic_ms) {
        publish_will(session);
        persistent_.drop_will(session);
    }
    if (persistent_.is_over(session)) {
        log_info("mqtt", "session '{}' has expired with {} messages waiting", session.client_id,
                 state.queue->messages());
        end(session);
    }
}

} // namespace holdfast::broker
