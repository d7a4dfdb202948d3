#pragma once

#include "broker/queue_contents.hpp"
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
    // Whether PersistentState::messages holds one that was not begun, after going on to the next
    // known chunk if need be.
    [[nodiscard]] bool has_next(Session& session);
    // Whether the next chunk is there, and has to be read.
    [[nodiscard]] bool wants_read(const PersistentState& state) const noexcept {
        return state.fresh.empty() && state.has_more;
    }
    // What was read from next_chunk on; ends the read.
    void take(PersistentState& state, QueueStretch stretch);
    // One message of a chunk is done; a chunk that is done goes.
    void settle(PersistentState& state, std::uint64_t chunk, std::uint32_t bytes);

private:
    [[nodiscard]] bool begin_chunk(Session& session);

    ShardContext& context_;
    Counter& lost_;
};

} // namespace holdfast::broker
