#include <holdfast/broker/shard.hpp>

#include "broker/batch_publisher.hpp"
#include "broker/client_view.hpp"
#include "broker/delivery.hpp"
#include "broker/doorkeeper.hpp"
#include "broker/inbound.hpp"
#include "broker/ingest_pipeline.hpp"
#include "broker/outbound.hpp"
#include "broker/persistent_sessions.hpp"
#include "broker/queue_sender.hpp"
#include "broker/retained_sender.hpp"
#include "broker/retained_writer.hpp"
#include "broker/rights_renewal.hpp"
#include "broker/session_closer.hpp"
#include "broker/session_loader.hpp"
#include "broker/shard_context.hpp"

#include <holdfast/broker/topic_cache.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <cassert>
#include <utility>

namespace holdfast::broker {

// In the order in which they need each other: each part knows only those above it. The one call
// that goes up is Outbound's, to close who reads too slowly.
struct Shard::Parts {
    Parts(std::uint16_t index, Broker& broker, Transport& transport,
          std::function<void()> on_group_completed)
        : context(index, broker, transport),
          doorkeeper(context),
          topics(broker.bridge(), broker.log(), broker.subscriptions()),
          groups(context, std::move(on_group_completed)),
          retained_writer(context),
          publisher(context, topics, retained_writer),
          outbound(context),
          persistent(context, outbound.budget()),
          closer(context, doorkeeper, outbound, publisher, persistent),
          queues(context, outbound, closer),
          retained_sender(context, outbound),
          renewal(context, {doorkeeper, closer, retained_sender}),
          clients(context, doorkeeper, closer),
          delivery(context, outbound, queues, closer),
          inbound(context, {doorkeeper, topics, retained_writer, outbound, persistent, closer,
                            queues, retained_sender}) {
        outbound.set_closer(closer);
    }

    ShardContext context;
    Doorkeeper doorkeeper;
    TopicCache topics;
    IngestPipeline groups;
    RetainedWriter retained_writer;
    BatchPublisher publisher;
    Outbound outbound;
    PersistentSessions persistent;
    SessionCloser closer;
    QueueSender queues;
    RetainedSender retained_sender;
    RightsRenewal renewal;
    ClientView clients;
    Delivery delivery;
    Inbound inbound;

    // Ends what has been silent for too long, from this slot on, now and in later turns.
    void look_after_sessions(std::uint32_t slot);
    [[nodiscard]] bool close_if_silent(Session& session); // whether it had to be closed
    bool is_looking_after = false;
};

Shard::Shard(std::uint16_t index, Broker& broker, Transport& transport)
    : index_(index),
      broker_(broker),
      parts_(std::make_unique<Parts>(index, broker, transport, [this] { on_group_completed(); })) {}

Shard::~Shard() = default;

void Shard::begin_turn() {
    if (turn_has_begun_) return;
    turn_has_begun_ = true;
    parts_->topics.follow_streams();
    parts_->context.clock = {broker_.clock().now_ms(), broker_.expiry_clock().now_ms(),
                             broker_.clock().monotonic_ms()};
}

Result<void> Shard::load() {
    parts_->topics.limit_bytes(broker_.topic_cache_bytes_max());
    return SessionLoader(parts_->context, parts_->outbound.budget()).load();
}

std::uint32_t Shard::open(Peer peer) {
    begin_turn();
    Session& session = parts_->context.sessions.add();
    session.state = SessionState::connecting;
    session.peer = std::move(peer);
    session.last_read_ms = parts_->context.clock.monotonic_ms;
    return session.ref.slot;
}

void Shard::on_bytes(std::uint32_t slot, ByteView bytes) {
    begin_turn();
    parts_->inbound.take(parts_->context.sessions[slot], bytes);
}

void Shard::on_hang_up(std::uint32_t slot, std::string_view why) {
    begin_turn();
    Session& session = parts_->context.sessions[slot];
    if (session.state != SessionState::free) parts_->closer.close(session, why);
}

void Shard::on_sent(std::uint32_t slot, std::size_t held_bytes) {
    begin_turn();
    Session& session = parts_->context.sessions[slot];
    parts_->outbound.note_held(session, held_bytes);
    session.sent_ms = parts_->context.clock.monotonic_ms;
    if (held_bytes != 0) return;
    if (session.persistent) parts_->queues.pump(session);
    parts_->retained_sender.go_on(session);
}

std::uint64_t Shard::publishes() const noexcept {
    return parts_->inbound.publishes();
}

void Shard::on_slowed(std::uint32_t slot) {
    begin_turn();
    parts_->doorkeeper.note_slowed(parts_->context.sessions[slot]);
}

void Shard::on_not_read(std::uint32_t slot) {
    begin_turn();
    Session& session = parts_->context.sessions[slot];
    if (session.state == SessionState::connected)
        session.last_read_ms = parts_->context.clock.monotonic_ms;
}

bool Shard::wants_input() const noexcept {
    const ShardContext& context = parts_->context;
    if (parts_->outbound.is_full()) return false;
    return context.gathering->size_bytes() + context.immediate.size_bytes() +
               broker_.handed_over_bytes(index_).load(std::memory_order_relaxed) <
           broker_.group_bytes_max();
}

bool Shard::has_output() const noexcept {
    const Parts& parts = *parts_;
    return !parts.context.immediate.empty() || !parts.outbound.is_empty() ||
           (!parts.groups.is_writing() && !parts.context.gathering->empty());
}

bool Shard::is_idle() const noexcept {
    return parts_->context.gathering->empty() && !parts_->groups.is_writing();
}

void Shard::publish(PublishBatch batch, Publisher::Done done) {
    begin_turn();
    parts_->publisher.publish(std::move(batch), std::move(done));
}

void Shard::take_in(std::unique_ptr<MovingConnection> connection, Peer peer, ByteView input) {
    const std::uint32_t slot = open(std::move(peer));
    parts_->context.transport.take_in(slot, std::move(connection));
    // Where that failed, the slot is free already.
    if (parts_->context.sessions[slot].state != SessionState::free) on_bytes(slot, input);
}

void Shard::deliver(Fanout& fanout) {
    parts_->delivery.deliver(fanout);
}

void Shard::deliver(QueueWrites::Chunk& chunk) {
    parts_->delivery.deliver(chunk);
}

void Shard::follow_rights() {
    parts_->renewal.follow();
}

void Shard::list_clients(ClientQuery query, std::function<void(ClientList)> done) {
    parts_->clients.list(std::move(query), std::move(done));
}

std::optional<ClientInfo> Shard::find_client(std::string_view client_id) const {
    return parts_->clients.find(client_id);
}

bool Shard::disconnect_client(std::string_view client_id, std::string_view why) {
    return parts_->clients.disconnect(client_id, why);
}

void Shard::when_durable(IngestGroup::Then then) {
    parts_->context.gathering->on_durable(std::move(then));
}

bool Shard::holds() const noexcept {
    return parts_->groups.holds();
}

void Shard::end_hold() noexcept {
    parts_->groups.end_hold();
}

void Shard::end_turn() {
    parts_->delivery.send_immediate();
    parts_->inbound.count_turn();
    parts_->groups.submit_or_hold();
    turn_has_begun_ = false;
}

void Shard::on_group_completed() {
    std::unique_ptr<IngestGroup> group = parts_->groups.take_completed();
    parts_->retained_writer.end(*group, group->first_error().has_value());
    parts_->delivery.complete(*group);
    parts_->groups.take_back(std::move(group));
}

void Shard::tick() {
    begin_turn();
    parts_->retained_writer.tick();
    follow_rights();
    parts_->context.gathering->hurry();
    if (!std::exchange(parts_->is_looking_after, true)) parts_->look_after_sessions(0);
}

// A thousand that came together are over together: between some of them the others have their turn.
void Shard::Parts::look_after_sessions(std::uint32_t slot) {
    constexpr int kClosedPerTurn = 16;
    int closed = 0;
    for (; slot < context.sessions.slot_count(); ++slot) {
        if (closed == kClosedPerTurn)
            return context.broker.port(context.index).post([this, slot](Shard&) {
                look_after_sessions(slot);
            });
        if (close_if_silent(context.sessions[slot])) ++closed;
    }
    is_looking_after = false;
}

bool Shard::Parts::close_if_silent(Session& session) {
    if (session.state == SessionState::free) return false;
    if (session.state == SessionState::offline) {
        closer.look_after(session);
        return false;
    }
    const std::int64_t silent_ms = context.clock.monotonic_ms - session.last_read_ms;
    if (session.state == SessionState::connecting) {
        if (silent_ms <= context.broker.settings().connect_timeout_ms) return false;
        closer.close(session, session.awaits_gate ? "who it is was not known in time"
                                                  : "no CONNECT in time");
        return true;
    }
    if (session.keep_alive_ms == 0 || silent_ms <= session.keep_alive_ms) return false;
    closer.disconnect(session, mqtt::ReasonCode::keep_alive_timeout, "silent past its keep alive");
    return true;
}

void Shard::close_all() {
    for (Session& session : parts_->context.sessions) {
        if (session.state == SessionState::connecting || session.state == SessionState::connected)
            parts_->closer.disconnect(session, mqtt::ReasonCode::server_shutting_down,
                                      "the server is stopping");
    }
    parts_->context.gathering->hurry();
}

} // namespace holdfast::broker
