#include <holdfast/broker/shard.hpp>

#include "broker/inbound.hpp"
#include "broker/outbound.hpp"
#include "broker/queue_sender.hpp"
#include "broker/session.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

// What follows when the log has taken a group, or has not: subscribers, then publishers.
namespace holdfast::broker {
namespace {

// Groups smaller than the first gain little by waiting, larger than the second nothing.
constexpr std::uint64_t kHoldFrom = 256;
constexpr std::uint64_t kHoldUpTo = 8192;

} // namespace

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
    if (group.changes_retained) end_retained(group, error.has_value());
    group.answer_first();
    if (group.outcome()) deliver_chunks(group);
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
    group.clear(broker_.group_bytes_max());
    spares_.push_back(std::move(completed));
}

void Shard::end_retained(const IngestGroup& group, bool is_refused) {
    broker_.retained().end_change();
    if (!is_refused) return;
    for (const std::string_view topic : group.retained_topics())
        if (const auto counted = broker_.retained().recount(broker_.log(), topic); !counted)
            log_error("mqtt", "topic '{}', retained: {}", topic, counted.error().context);
}

void Shard::release_acks(IngestGroup& group) {
    for (const AckRun& run : group.ack_runs()) {
        Session* session = find(run.session);
        if (session == nullptr) continue;
        const std::size_t bytes = run.end - run.begin;
        if (run.refuses) { // nothing of it was counted
            if (session->connection == run.connection && session->state == SessionState::connected)
                outbound_->add_borrowed(*session, {group.ack_bytes() + run.begin, bytes});
            continue;
        }
        if (session->connection != run.connection || session->state != SessionState::connected) {
            // Whoever sent this is gone; who comes for the session asks again.
            if (run.pubrecs != 0) mark_stored(*session, {group.ack_bytes() + run.begin, bytes});
            continue;
        }
        const std::size_t ended = bytes / kAckBytes - run.pubrecs; // a PUBREC is half the way
        session->inbound_unacked = static_cast<std::uint16_t>(session->inbound_unacked - ended);
        if (run.pubrecs != 0) mark_stored(*session, {group.ack_bytes() + run.begin, bytes});
        outbound_->add_borrowed(*session, {group.ack_bytes() + run.begin, bytes});
    }
}

void Shard::mark_stored(Session& session, ByteView acks) {
    for (; !acks.empty(); acks = acks.subspan(kAckBytes)) {
        if (acks[0] != std::byte{0x50}) continue; // PUBREC
        const auto unreleased = session.unreleased_ids().find(load_u16_be(acks.data() + 2));
        if (unreleased != session.unreleased_ids().end()) unreleased->second = true;
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
        Session* session = find(run.session);
        if (session == nullptr) continue;
        if (session->durable && !run.refuses)
            take_back(*session, {group.ack_bytes() + run.begin, run.end - run.begin});
        if (session->connection == run.connection && session->state == SessionState::connected)
            inbound_->disconnect(*session, reason, "the message could not be stored");
    }
}

// QoS 2 of a persistent session that was not stored: neither the message nor its release. A PUBREC
// may also have been owed to a message that came before and is stored.
void Shard::take_back(Session& session, ByteView acks) {
    UnreleasedIds& unreleased = session.unreleased_ids();
    for (; !acks.empty(); acks = acks.subspan(kAckBytes)) {
        const std::uint16_t packet_id = load_u16_be(acks.data() + 2);
        if (acks[0] == std::byte{0x50}) { // PUBREC
            const auto known = unreleased.find(packet_id);
            if (known != unreleased.end() && !known->second) unreleased.erase(known);
        }
        if (acks[0] == std::byte{0x70}) unreleased.emplace(packet_id, true); // PUBCOMP
    }
}

void Shard::add_runs(Fanout& fanout) {
    for (const Fanout::Run& run : fanout.runs()) {
        for (const Receiver& receiver : run.list->of_shard(index_)) {
            if (is_queued(receiver, run.qos)) continue;
            Session* session = find(receiver.session);
            if (session != nullptr && session->state == SessionState::connected &&
                !session->awaits_connack)
                outbound_->add_run(*session, receiver, fanout, run);
        }
    }
}

// Tells the shards of persistent sessions what was stored for them.
void Shard::deliver_chunks(IngestGroup& group) {
    if (const std::uint64_t dropped = group.queues().dropped(); dropped != 0)
        broker_.counters().dropped_queue_full.add(dropped);
    std::map<std::uint16_t, std::vector<QueueWrites::Chunk>> elsewhere;
    for (QueueWrites::Chunk& chunk : group.queues().chunks()) {
        const SessionRef ref = chunk.queue->session();
        if (ref.shard != index_)
            elsewhere[ref.shard].push_back(std::move(chunk));
        else
            deliver_chunk(chunk);
    }
    for (auto& [shard, chunks] : elsewhere) {
        auto shared = std::make_shared<std::vector<QueueWrites::Chunk>>(std::move(chunks));
        broker_.port(shard).post([shared](Shard& home) {
            for (QueueWrites::Chunk& chunk : *shared) home.deliver_chunk(chunk);
        });
    }
}

void Shard::deliver_chunk(QueueWrites::Chunk& chunk) {
    Session* session = find(chunk.queue->session());
    if (session != nullptr && session->durable)
        queues_->on_chunk(*session, chunk.number, std::move(chunk.value));
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
        auto copy = std::make_shared<Fanout>();
        copy->add_runs_of_shard(fanout, shard);
        auto& waiting = broker_.handed_over_bytes(index_);
        const std::size_t bytes = copy->size_bytes();
        waiting.fetch_add(bytes, std::memory_order_relaxed);
        broker_.port(shard).post([copy, bytes, &waiting, from = index_](Shard& target) {
            target.deliver_here(*copy);
            const std::size_t before = waiting.fetch_sub(bytes, std::memory_order_relaxed);
            const std::size_t most = target.broker_.group_bytes_max();
            if (before >= most && before - bytes < most) // it reads no input, and has to look again
                target.broker_.port(from).post([](Shard&) {});
        });
    }
}

} // namespace holdfast::broker
