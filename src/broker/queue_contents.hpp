#pragma once

#include "broker/record_cache.hpp"

#include <holdfast/broker/session_queue.hpp>
#include <holdfast/log/log.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::broker {

// What is read of persistent sessions' queues away from the event loops. All of it on any thread.

// A stretch of a session's queue.
struct QueueStretch {
    std::vector<std::pair<std::uint64_t, std::string>> chunks; // by number
    bool is_through = true;                                    // nothing was behind them
};
// The chunks from number `first` on, up to a bound of bytes and of chunks. Errors: io.
[[nodiscard]] Result<QueueStretch> read_stretch(const log::Log& log, std::uint64_t session_id,
                                                std::uint64_t first);

// What queued messages say.
struct QueueContents {
    std::vector<DecodedBatch> batches; // one without records for a message that is gone
    std::vector<std::pair<std::string, std::optional<std::string>>> retained; // by topic
};
// Of the first of `messages` in any case, and of those behind it up to a bound of bytes; each batch
// is read once, however many of them it holds.
[[nodiscard]] QueueContents read_contents(const log::Log& log,
                                          std::span<const QueuedMessage> messages);

} // namespace holdfast::broker
