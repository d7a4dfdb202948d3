#include "broker/delivery.hpp"

#include <holdfast/base/log_line.hpp>
#include <holdfast/broker/shard.hpp>
#include <holdfast/mqtt/reason_code.hpp>

#include <algorithm>
#include <cassert>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace holdfast::broker {
namespace {

void mark_stored(Session& session, ByteView acks) {
    for (; !acks.empty(); acks = acks.subspan(kAckBytes)) {
        if (acks[0] != std::byte{0x50}) continue; // PUBREC
        const auto unreleased = session.unreleased_ids().find(load_u16_be(acks.data() + 2));
        if (unreleased != session.unreleased_ids().end()) unreleased->second = true;
    }
}

// QoS 2 of a persistent session that was not stored: neither the message nor its release. A PUBREC
// may also have been owed to a message that came before and is stored.
void take_back(Session& session, ByteView acks) {
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

} // namespace

void Delivery::complete(IngestGroup& group) {
    const std::optional<Error> error = group.first_error();
    group.answer_first();
    if (group.outcome()) pass_on_chunks(group);
    if (!error) {
        add_runs(group.fanout()); // subscribers first: they have waited as long as publishers
        release_acks(group);
        pass_on(group.fanout());
    } else {
        // What was refused in part is not told apart: no acknowledgement goes out for the group.
        refuse_acks(group, *error);
    }
    outbound_.flush();
    group.answer();
}

void Delivery::send_immediate() {
    // A session that ends meanwhile adds its will behind, never to the bytes that are being sent.
    do {
        std::swap(context_.immediate, leaving_);
        deliver(leaving_);
        pass_on(leaving_);
        leaving_.clear(context_.broker.group_bytes_max() / 2);
    } while (!context_.immediate.empty());
}

void Delivery::release_acks(IngestGroup& group) {
    for (const AckRun& run : group.ack_runs()) {
        Session* session = context_.sessions.find(run.session);
        if (session == nullptr) continue;
        const std::size_t bytes = run.end - run.begin;
        if (run.refuses) { // nothing of it was counted
            if (session->connection == run.connection && session->state == SessionState::connected)
                outbound_.add_borrowed(*session, {group.ack_bytes() + run.begin, bytes});
            continue;
        }
        if (session->connection != run.connection || session->state != SessionState::connected) {
            // Whoever sent this is gone; who comes for the session asks again.
            if (run.pubrecs != 0) mark_stored(*session, {group.ack_bytes() + run.begin, bytes});
            continue;
        }
        const std::size_t ended = bytes / kAckBytes - run.pubrecs; // a PUBREC is half the way
        assert(session->inbound_unacked >= ended);                 // each was counted when it came
        session->inbound_unacked = static_cast<std::uint16_t>(session->inbound_unacked - ended);
        if (run.pubrecs != 0) mark_stored(*session, {group.ack_bytes() + run.begin, bytes});
        outbound_.add_borrowed(*session, {group.ack_bytes() + run.begin, bytes});
    }
}

// MQTT 3 has no way to refuse a PUBLISH but to hang up; MQTT 5 clients are told why as they go.
// Either way nothing was acknowledged, so the client sends it again when it comes back.
void Delivery::refuse_acks(IngestGroup& group, const Error& error) {
    log_warn("mqtt", "{} messages were not stored: {}", group.record_count(), error.context);
    context_.broker.counters().dropped_not_stored.add(group.record_count());
    const auto reason = error.code == Errc::no_space ? mqtt::ReasonCode::quota_exceeded
                                                     : mqtt::ReasonCode::unspecified_error;
    for (const AckRun& run : group.ack_runs()) {
        Session* session = context_.sessions.find(run.session);
        if (session == nullptr) continue;
        if (session->persistent && !run.refuses)
            take_back(*session, {group.ack_bytes() + run.begin, run.end - run.begin});
        if (session->connection == run.connection && session->state == SessionState::connected)
            closer_.disconnect(*session, reason, "the message could not be stored");
    }
}

void Delivery::add_runs(Fanout& fanout) {
    for (const Fanout::Run& run : fanout.runs()) {
        for (const Receiver& receiver : run.list->of_shard(context_.index)) {
            if (is_queued(receiver, run.qos)) continue;
            Session* session = context_.sessions.find(receiver.session);
            if (session != nullptr && session->state == SessionState::connected &&
                !session->awaits_connack)
                outbound_.add_run(*session, receiver, fanout, run);
        }
    }
}

// Tells the shards of persistent sessions what was stored for them.
void Delivery::pass_on_chunks(IngestGroup& group) {
    if (const std::uint64_t dropped = group.queues().dropped(); dropped != 0)
        context_.broker.counters().dropped_queue_full.add(dropped);
    std::map<std::uint16_t, std::vector<QueueWrites::Chunk>> elsewhere;
    for (QueueWrites::Chunk& chunk : group.queues().chunks()) {
        const SessionRef ref = chunk.queue->session();
        if (ref.shard != context_.index)
            elsewhere[ref.shard].push_back(std::move(chunk));
        else
            deliver(chunk);
    }
    for (auto& [shard, chunks] : elsewhere) {
        auto shared = std::make_shared<std::vector<QueueWrites::Chunk>>(std::move(chunks));
        context_.broker.port(shard).post([shared](Shard& home) {
            for (QueueWrites::Chunk& chunk : *shared) home.deliver(chunk);
        });
    }
}

void Delivery::deliver(QueueWrites::Chunk& chunk) {
    Session* session = context_.sessions.find(chunk.queue->session());
    if (session != nullptr && session->persistent)
        queues_.on_chunk(*session, chunk.number, std::move(chunk.value));
}

void Delivery::deliver(Fanout& fanout) {
    add_runs(fanout);
    outbound_.flush(); // before the bytes that the pieces point to go away
}

// To the receivers of other shards, in copies.
void Delivery::pass_on(const Fanout& fanout) {
    std::vector<std::uint16_t> others;
    for (const Fanout::Run& run : fanout.runs()) {
        for (const std::uint16_t shard : run.list->shards())
            if (shard != context_.index && std::ranges::find(others, shard) == others.end())
                others.push_back(shard);
    }
    for (const std::uint16_t shard : others) {
        auto copy = std::make_shared<Fanout>();
        copy->add_runs_of_shard(fanout, shard);
        auto& waiting = context_.broker.handed_over_bytes(context_.index);
        const std::size_t bytes = copy->size_bytes();
        waiting.fetch_add(bytes, std::memory_order_relaxed);
        Broker& broker = context_.broker;
        broker.port(shard).post([copy, bytes, &waiting, &broker,
                                 from = context_.index](Shard& target) {
            target.deliver(*copy);
            const std::size_t before = waiting.fetch_sub(bytes, std::memory_order_relaxed);
            const std::size_t most = broker.group_bytes_max();
            if (before >= most && before - bytes < most) // it reads no input, and has to look again
                broker.port(from).post([](Shard&) {});
        });
    }
}

} // namespace holdfast::broker
