#pragma once

#include "broker/shard_context.hpp"

#include <cstdint>
#include <string>

namespace holdfast::broker {

// Walks the queues of persistent sessions, chunk by chunk in the order that they were stored in,
// and removes each chunk when the last of its messages is settled.
class QueueReader {
public:
    explicit QueueReader(ShardContext& context)
        : context_(context), lost_(context.broker.counters().dropped_gone) {}

    // A chunk was stored behind the others. False where it is known already. Kept in memory only
    // where `is_wanted_now`.
    [[nodiscard]] bool add(PersistentState& state, std::uint64_t number, std::string value,
                           bool is_wanted_now);
    // Whether PersistentState::messages holds one that was not begun, after reading on if need be.
    [[nodiscard]] bool has_next(Session& session);
    // One message of a chunk is done; a chunk that is done goes.
    void settle(PersistentState& state, std::uint64_t chunk, std::uint32_t bytes);

private:
    [[nodiscard]] bool begin_chunk(Session& session);
    [[nodiscard]] bool read_chunks(Session& session);

    ShardContext& context_;
    Counter& lost_;
};

} // namespace holdfast::broker
