#include <holdfast/broker/shard.hpp>

#include "broker/durable_sessions.hpp"
#include "broker/inbound.hpp"
#include "broker/outbound.hpp"
#include "broker/queue_sender.hpp"
#include "broker/retained_sender.hpp"
#include "broker/session.hpp"
#include "broker/session_memory.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/reason_code.hpp>
#include <holdfast/record/header_names.hpp>
#include <holdfast/record/partitioner.hpp>

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::broker {
namespace {

// The committer's thread only ever says "done": the group itself is looked at on the shard.
std::unique_ptr<IngestGroup> make_group(Broker& broker, std::uint16_t index,
                                        void (Shard::*completed)()) {
    return std::make_unique<IngestGroup>([&broker, index, completed] {
        broker.port(index).post([completed](Shard& shard) { (shard.*completed)(); });
    });
}

} // namespace

Shard::Shard(std::uint16_t index, Broker& broker, Transport& transport)
    : index_(index),
      broker_(broker),
      transport_(transport),
      topics_(broker.bridge(), broker.log(), broker.subscriptions()),
      open_(make_group(broker, index, &Shard::on_group_completed)),
      inbound_(std::make_unique<Inbound>(*this)),
      outbound_(std::make_unique<Outbound>(*this)),
      durable_(std::make_unique<DurableSessions>(*this)),
      queues_(std::make_unique<QueueSender>(*this)),
      retained_(std::make_unique<RetainedSender>(*this)) {
    // One is with the committer while another is being answered.
    for (int i = 0; i < 2; ++i)
        spares_.push_back(make_group(broker, index, &Shard::on_group_completed));
}

Shard::~Shard() = default;

void Shard::begin_turn() {
    if (turn_has_begun_) return;
    turn_has_begun_ = true;
    topics_.follow_streams();
    now_ms_ = broker_.clock().now_ms();
    expiry_ms_ = broker_.expiry_clock().now_ms();
    monotonic_ms_ = broker_.clock().monotonic_ms();
}

Result<void> Shard::load() {
    topics_.limit_bytes(broker_.topic_cache_bytes_max());
    return durable_->load();
}

Session& Shard::new_session() {
    if (free_slots_.empty()) {
        const auto slot = static_cast<std::uint32_t>(sessions_.size());
        sessions_.emplace_back().ref = {index_, slot, 1};
        return sessions_.back();
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    return sessions_[slot];
}

std::uint32_t Shard::open(std::string peer_address) {
    begin_turn();
    Session& session = new_session();
    session.state = SessionState::connecting;
    session.peer_address = std::move(peer_address);
    session.last_read_ms = monotonic_ms_;
    return session.ref.slot;
}

void Shard::name_session(Session& session, std::string client_id) {
    session.client_id = std::move(client_id);
    session.client_hash = record::key_hash(as_bytes(session.client_id));
    session.client_header.clear();
    record::encode_header(session.client_header, record::kHeaderMqttClient,
                          as_bytes(session.client_id));
    slot_of_client_.emplace(session.client_id, session.ref.slot);
}

Session* Shard::session_of(std::string_view client_id) {
    const auto found = slot_of_client_.find(client_id);
    return found == slot_of_client_.end() ? nullptr : &sessions_[found->second];
}

void Shard::move_connection(Session& from, Session& to) {
    transport_.move(from.ref.slot, to.ref.slot);
    to.peer_address = std::move(from.peer_address);
    to.partial_bytes = from.partial_bytes;
    to.last_read_ms = from.last_read_ms;
    free(from);
}

Session* Shard::find(SessionRef ref) {
    if (ref.slot >= sessions_.size()) return nullptr;
    Session& session = sessions_[ref.slot];
    const bool is_here = session.ref == ref && session.state != SessionState::free &&
                         session.state != SessionState::closing;
    return is_here ? &session : nullptr;
}

void Shard::on_bytes(std::uint32_t slot, ByteView bytes) {
    begin_turn();
    Session& session = sessions_[slot];
    inbound_->take(session, bytes);
}

void Shard::on_hang_up(std::uint32_t slot, std::string_view why) {
    begin_turn();
    Session& session = sessions_[slot];
    if (session.state != SessionState::free) close(session, why);
}

void Shard::on_sent(std::uint32_t slot, std::size_t held_bytes) {
    begin_turn();
    Session& session = sessions_[slot];
    outbound_->note_held(session, held_bytes);
    session.sent_ms = monotonic_ms_;
    if (held_bytes != 0) return;
    if (session.durable) queues_->pump(session);
    retained_->go_on(session);
}

bool Shard::wants_input() const noexcept {
    return open_->size_bytes() + immediate_.size_bytes() +
               broker_.handed_over_bytes(index_).load(std::memory_order_relaxed) <
           broker_.group_bytes_max();
}

bool Shard::has_output() const noexcept {
    return !immediate_.empty() || !outbound_->is_empty() || (!in_flight_ && !open_->empty());
}

void Shard::close(Session& session, std::string_view why, bool lingers) {
    // Its last words may be what it is closed for once more, for want of memory.
    if (session.state == SessionState::closing) return;
    assert(session.state == SessionState::connecting || session.state == SessionState::connected);
    if (log_enabled(LogLevel::debug))
        log_debug("mqtt", "client '{}' from {} closed: {}", session.client_id, session.peer_address,
                  why);
    const bool was_connected = session.state == SessionState::connected;
    session.state = SessionState::closing;
    session.awaits_connack = false;
    outbound_->flush(session);
    transport_.close(session.ref.slot, lingers);
    if (was_connected) broker_.client_count().fetch_sub(1, std::memory_order_relaxed);
    outbound_->note_held(session, 0);
    broker_.memory().give_back(session.partial_bytes);
    session.partial_bytes = 0;
    session.partial = Bytes();
    if (session.topic_aliases)
        for (const std::string& topic : *session.topic_aliases)
            let_go(broker_.memory(), session, topic.size());
    session.topic_aliases.reset();
    if (session.durable && session.durable->expiry_s != 0)
        durable_->disconnected(session);
    else
        end(session);
}

void Shard::end(Session& session) {
    if (session.will) publish_will(*session.will);
    if (session.durable) durable_->remove(session);
    if (session.subscriber) {
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            broker_.subscriptions().unsubscribe(filter, session.ref);
        outbound_->budget().give_back(session.subscriber->queue_bytes);
    }
    if (!session.client_id.empty()) slot_of_client_.erase(session.client_id);
    free(session);
}

void Shard::publish_will(const Will& will) {
    PublishBatch batch;
    const std::string client_id = will.message.client_id;
    batch.messages.push_back(will.message);
    publish(std::move(batch), [client_id](const Result<std::vector<Placed>>& placed) {
        if (!placed)
            log_warn("mqtt", "the will of client '{}' was not published: {}", client_id,
                     placed.error().context);
    });
}

void Shard::free(Session& session) {
    const SessionRef ref = session.ref;
    assert(session.state != SessionState::free); // its slot would be given out twice
    let_go(broker_.memory(), session, session.kept_bytes);
    session = Session{};
    session.ref = {ref.shard, ref.slot, ref.generation + 1};
    free_slots_.push_back(ref.slot);
}

void Shard::hand_over(Session& session, std::uint16_t home, ByteView input) {
    struct Arrival {
        std::unique_ptr<MovingConnection> connection;
        std::string peer_address;
        Bytes input;
    };
    auto arrival = std::make_shared<Arrival>(); // std::function wants copies
    arrival->connection = transport_.release(session.ref.slot);
    arrival->peer_address = std::move(session.peer_address);
    arrival->input.assign(input.begin(), input.end());
    broker_.memory().give_back(session.partial_bytes);
    free(session);
    broker_.port(home).post([arrival](Shard& shard) {
        const std::uint32_t slot = shard.open(std::move(arrival->peer_address));
        shard.transport_.take_in(slot, std::move(arrival->connection));
        if (shard.sessions_[slot].state != SessionState::free) shard.on_bytes(slot, arrival->input);
    });
}

void Shard::end_turn() {
    // A session that ends meanwhile adds its will behind, never to the bytes that are being sent.
    do {
        std::swap(immediate_, leaving_);
        deliver_here(leaving_);
        pass_on(leaving_);
        leaving_.clear(broker_.group_bytes_max() / 2);
    } while (!immediate_.empty());
    inbound_->count_turn();
    submit_or_hold();
    turn_has_begun_ = false;
}

// Hands the gathered group to the log, if none is being written.
//
// Under load the clients whose messages were just acknowledged send their next ones at once.
// Waiting that moment makes one large group of two small ones: half the syncs, and half the sends,
// each of which carries one client's acknowledgements of a group. Groups that are small anyway
// never wait.
void Shard::submit_or_hold() {
    holds_ = false;
    if (in_flight_ || open_->empty()) return;
    if (open_->record_count() < hold_target_) {
        holds_ = true;
        return;
    }
    hold_target_ = 0;
    in_flight_ = std::exchange(open_, std::move(spares_.back()));
    spares_.pop_back();
    in_flight_->seal();
    broker_.log().append(*in_flight_);
}

void Shard::begin_retained() {
    if (std::exchange(open_->changes_retained, true)) return;
    broker_.retained().begin_change();
}

void Shard::retain(std::string_view topic, const RetainedMessage& message, RecordPlace place) {
    if (auto change = broker_.retained().change(topic, message)) {
        open_->change_with(place, std::move(*change));
    } else if (!std::exchange(retained_refusal_noted_, true)) {
        log_warn("mqtt",
                 "the message to '{}' is not retained: all {} bytes of retained_bytes are "
                 "taken",
                 topic, broker_.settings().retained_bytes_max);
    }
}

void Shard::tick() {
    begin_turn();
    retained_refusal_noted_ = false;
    for (std::string& topic : broker_.retained().take_expired(expiry_ms_))
        open_->change_late(
            [&retained = broker_.retained(), topic = std::move(topic), now_ms = expiry_ms_] {
                return retained.remove_expired(topic, now_ms);
            });
    open_->hurry();
    for (Session& session : sessions_) {
        if (session.state == SessionState::free) continue;
        if (session.state == SessionState::offline) {
            durable_->look_after(session);
            continue;
        }
        const std::int64_t silent_ms = monotonic_ms_ - session.last_read_ms;
        if (session.state == SessionState::connecting) {
            if (silent_ms > broker_.settings().connect_timeout_ms)
                close(session, "no CONNECT in time");
        } else if (session.keep_alive_ms != 0 && silent_ms > session.keep_alive_ms) {
            inbound_->disconnect(session, mqtt::ReasonCode::keep_alive_timeout,
                                 "silent past its keep alive");
        }
    }
}

void Shard::close_all() {
    for (Session& session : sessions_) {
        if (session.state == SessionState::connecting || session.state == SessionState::connected)
            inbound_->disconnect(session, mqtt::ReasonCode::server_shutting_down,
                                 "the server is stopping");
    }
    open_->hurry();
}

} // namespace holdfast::broker
