#pragma once

#include "broker/outbound.hpp"
#include "broker/queue_sender.hpp"
#include "broker/session_closer.hpp"
#include "broker/shard_context.hpp"

namespace holdfast::broker {

// What follows when the log has taken a group, or has not: subscribers, then publishers.
class Delivery {
public:
    Delivery(ShardContext& context, Outbound& outbound, QueueSender& queues, SessionCloser& closer)
        : context_(context), outbound_(outbound), queues_(queues), closer_(closer) {}

    // Sends all that waited for the group, here and to the sessions of other shards.
    void complete(IngestGroup& group);
    // Sends the QoS 0 messages of the turn, which wait for nothing.
    void send_immediate();
    // The part of another shard's messages that is for sessions of this one.
    void deliver(Fanout& fanout);
    // What was stored in the queue of a persistent session of this shard.
    void deliver(QueueWrites::Chunk& chunk);

private:
    void pass_on_chunks(IngestGroup& group);
    void release_acks(IngestGroup& group);
    void refuse_acks(IngestGroup& group, const Error& error);
    void add_runs(Fanout& fanout);
    void pass_on(const Fanout& fanout);

    ShardContext& context_;
    Outbound& outbound_;
    QueueSender& queues_;
    SessionCloser& closer_;
    Fanout leaving_; // what of the turn's QoS 0 is being sent
};

} // namespace holdfast::broker
