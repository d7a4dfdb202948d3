#include <holdfast/broker/shard.hpp>

#include "broker/inbound.hpp"
#include "broker/outbound.hpp"
#include "broker/session.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::broker {
namespace {

// Groups smaller than the first gain little by waiting, larger than the second nothing.
constexpr std::uint64_t kHoldFrom = 256;
constexpr std::uint64_t kHoldUpTo = 8192;

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
      outbound_(std::make_unique<Outbound>(*this)) {
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
    monotonic_ms_ = broker_.clock().monotonic_ms();
}

std::uint32_t Shard::open(std::string peer_address) {
    begin_turn();
    std::uint32_t slot = 0;
    if (free_slots_.empty()) {
        slot = static_cast<std::uint32_t>(sessions_.size());
        sessions_.emplace_back().ref = {index_, slot, 0};
    } else {
        slot = free_slots_.back();
        free_slots_.pop_back();
    }
    Session& session = sessions_[slot];
    session.state = SessionState::connecting;
    session.peer_address = std::move(peer_address);
    session.last_read_ms = monotonic_ms_;
    ++session_count_;
    return slot;
}

Session* Shard::find(SessionRef ref) {
    if (ref.slot >= sessions_.size()) return nullptr;
    Session& session = sessions_[ref.slot];
    const bool is_here = session.ref == ref && session.state != SessionState::free;
    return is_here ? &session : nullptr;
}

void Shard::on_bytes(std::uint32_t slot, ByteView bytes) {
    begin_turn();
    Session& session = sessions_[slot];
    // Until CONNECT is whole the clock of the connect timeout runs on, however bytes trickle in.
    if (session.state == SessionState::connected) session.last_read_ms = monotonic_ms_;
    inbound_->take(session, bytes);
}

void Shard::on_hang_up(std::uint32_t slot, std::string_view why) {
    Session& session = sessions_[slot];
    if (session.state != SessionState::free) close(session, why);
}

void Shard::on_drained(std::uint32_t slot) {
    Session& session = sessions_[slot];
    broker_.memory().give_back(session.unsent_bytes);
    session.unsent_bytes = 0;
}

bool Shard::wants_input() const noexcept {
    return open_->size_bytes() < broker_.settings().group_bytes_max;
}

bool Shard::has_output() const noexcept {
    return !immediate_.empty() || !outbound_->is_empty() || (!in_flight_ && !open_->empty());
}

// Ends the connection; whatever it is still to be told has been added to its chain.
void Shard::close(Session& session, std::string_view why) {
    if (log_enabled(LogLevel::debug))
        log_debug("mqtt", "client '{}' from {} closed: {}", session.client_id, session.peer_address,
                  why);
    const SessionRef ref = session.ref;
    session.state = SessionState::free; // flush() must not close it a second time
    outbound_->flush(session);
    transport_.close(ref.slot);

    if (session.subscriber) {
        for (const auto& [filter, subscription] : session.subscriber->subscriptions)
            broker_.subscriptions().unsubscribe(filter, ref);
        broker_.memory().give_back(session.subscriber->queue_bytes);
    }
    broker_.memory().give_back(session.unsent_bytes + session.partial_bytes);
    if (!session.client_id.empty()) broker_.clients().release(session.client_id, ref);
    session = Session{};
    session.ref = {ref.shard, ref.slot, ref.generation + 1};
    free_slots_.push_back(ref.slot);
    --session_count_;
}

void Shard::end_turn() {
    if (!immediate_.empty()) {
        deliver_here(immediate_);
        pass_on(immediate_);
        immediate_.clear();
    }
    outbound_->flush();
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

void Shard::on_group_completed() {
    std::unique_ptr<IngestGroup> completed = std::move(in_flight_);
    IngestGroup& group = *completed;
    const std::optional<Error> error = group.first_error();
    const std::uint64_t under_way = group.record_count() + open_->record_count();
    const bool is_busy = group.record_count() >= kHoldFrom && under_way <= kHoldUpTo;
    hold_target_ = !error && is_busy ? under_way * 3 / 4 : 0;
    // A write without a sync is over before the answers are out, and its group's clients wait less.
    // A sync is not begun early: its interrupts and threads would fight the answers for the core.
    if (!open_->needs_sync()) submit_or_hold();
    if (!error) {
        add_runs(group.fanout()); // subscribers first: they have waited as long as publishers
        release_acks(group);
        pass_on(group.fanout());
    } else {
        // What was refused in part is not told apart: no acknowledgement goes out for the group.
        refuse_acks(group, *error);
    }
    outbound_->flush();
    group.answer();
    group.clear();
    spares_.push_back(std::move(completed));
}

void Shard::release_acks(IngestGroup& group) {
    for (const AckRun& run : group.ack_runs()) {
        Session* session = find(run.session);
        if (session == nullptr) continue;
        const std::size_t bytes = run.end - run.begin;
        session->inbound_unacked =
            static_cast<std::uint16_t>(session->inbound_unacked - bytes / kAckBytes);
        outbound_->add_borrowed(*session, {group.ack_bytes() + run.begin, bytes});
    }
}

// MQTT 3 has no way to refuse a PUBLISH but to hang up; MQTT 5 clients are told why as they go.
// Either way nothing was acknowledged, so the client sends it again when it comes back.
void Shard::refuse_acks(IngestGroup& group, const Error& error) {
    log_warn("mqtt", "{} messages were not stored: {}", group.record_count(), error.context);
    broker_.counters().dropped_not_stored.add(group.record_count());
    const auto reason = error.code == Errc::no_space ? mqtt::ReasonCode::quota_exceeded
                                                     : mqtt::ReasonCode::unspecified_error;
    for (const AckRun& run : group.ack_runs()) {
        if (Session* session = find(run.session))
            inbound_->disconnect(*session, reason, "the message could not be stored");
    }
}

void Shard::add_runs(Fanout& fanout) {
    for (const Fanout::Run& run : fanout.runs()) {
        for (const Receiver& receiver : run.list->of_shard(index_)) {
            if (Session* session = find(receiver.session))
                outbound_->add_run(*session, receiver, fanout, run);
        }
    }
}

void Shard::deliver_here(Fanout& fanout) {
    add_runs(fanout);
    outbound_->flush(); // before the bytes that the pieces point to go away
}

// To the receivers of other shards, in copies.
void Shard::pass_on(const Fanout& fanout) {
    std::vector<std::uint16_t> others;
    for (const Fanout::Run& run : fanout.runs()) {
        for (const std::uint16_t shard : run.list->shards())
            if (shard != index_ && std::ranges::find(others, shard) == others.end())
                others.push_back(shard);
    }
    for (const std::uint16_t shard : others) {
        auto copy = std::make_shared<Fanout>(fanout.publish_is_qos1());
        copy->add_runs_of_shard(fanout, shard);
        broker_.port(shard).post([copy](Shard& target) { target.deliver_here(*copy); });
    }
}

void Shard::tick() {
    begin_turn();
    for (Session& session : sessions_) {
        if (session.state == SessionState::free) continue;
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
        if (session.state != SessionState::free)
            inbound_->disconnect(session, mqtt::ReasonCode::server_shutting_down,
                                 "the server is stopping");
    }
}

} // namespace holdfast::broker
