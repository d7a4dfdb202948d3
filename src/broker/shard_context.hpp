#pragma once

#include "broker/disk_reads.hpp"
#include "broker/session_table.hpp"

#include <holdfast/broker/broker.hpp>
#include <holdfast/broker/fanout.hpp>
#include <holdfast/broker/ingest_group.hpp>
#include <holdfast/broker/transport.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::broker {

// What the clocks said when the turn began: one reading for all that the turn does.
struct TurnClock {
    std::int64_t now_ms = 0;       // wall clock: what records carry
    std::int64_t expiry_ms = 0;    // the broker's expiry clock: what messages expire by
    std::int64_t monotonic_ms = 0; // what connections, sessions and wills end by
};

// What all parts of one shard share, and all that they share: each is given the other parts that
// it calls by its constructor. Owned by the shard; one thread.
struct ShardContext {
    ShardContext(std::uint16_t shard, Broker& its_broker, Transport& its_transport)
        : index(shard),
          broker(its_broker),
          transport(its_transport),
          sessions(shard, its_broker.memory()),
          reads(its_broker, shard) {}

    const std::uint16_t index;
    Broker& broker;
    Transport& transport;
    TurnClock clock;
    SessionTable sessions;
    DiskReads reads;
    std::unique_ptr<IngestGroup> gathering; // never null between calls; others come in its place
    Fanout immediate;                       // QoS 0 of this turn: does not wait for the log
};

} // namespace holdfast::broker
