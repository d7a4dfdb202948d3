#pragma once

#include "rules/partition_task.hpp"

#include <holdfast/log/log.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace holdfast::rules {

// Logs ticks: records that only tell the time, into the partitions where a rule waits for it. They
// stand among the records, so that a replay meets them where the rule met them. One thread at a
// time; BLOCKS until they are stored. The log outlives it.
class TickWriter {
public:
    static constexpr std::int64_t kPauseMs = 5'000; // between two ticks of a partition

    explicit TickWriter(log::Log& log) : log_(log) {}
    // All that are due at `now_ms`, as one append. Errors: as of a write; the next call tries
    // again.
    [[nodiscard]] Result<void> write(const std::vector<std::shared_ptr<PartitionTask>>& tasks,
                                     std::int64_t now_ms, std::int64_t monotonic_ms);

private:
    log::Log& log_;
    std::map<PartitionId, std::int64_t> last_ms_; // monotonic, of those that may not tick yet
};

} // namespace holdfast::rules
