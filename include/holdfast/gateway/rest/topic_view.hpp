#pragma once

#include <holdfast/base/ids.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace holdfast {
class Clock;
class MemoryAccount;
} // namespace holdfast
namespace holdfast::log {
class Log;
struct PartitionBounds;
} // namespace holdfast::log

namespace holdfast::gateway {

class Router;
class TopicTable;
class WorkQueue;

// Which topics there are, and what was said on each last: read from the log, when somebody looks
// and only then, so that it costs nothing on the way of a message. The first look begins near the
// end of each partition; so does one that comes so late that too much lies between. Topics that
// said nothing since are known if they have a retained message.
//
// Bounded in memory (TopicTable) and in work: a look reads for at most kTurnMs. Thread-safe; looks
// wait for each other.
class TopicView {
public:
    static constexpr std::int64_t kTurnMs = 150;
    static constexpr std::int64_t kRestMs = 100; // looks that come sooner after a turn read nothing
    static constexpr std::int64_t kForgetMs = 600'000;
    static constexpr std::uint64_t kBacklogBytes = 128U << 20U;

    // All outlive it. What lies further than about `backlog_bytes` before the end of all partitions
    // is passed over.
    TopicView(const log::Log& log, const Clock& clock, MemoryAccount& memory,
              std::uint64_t backlog_bytes = kBacklogBytes);
    ~TopicView();

    struct State {
        bool is_complete = false;   // everything was read that was stored when the look began
        std::uint64_t skipped = 0;  // records that were stored and never read
        std::uint64_t left_out = 0; // topics that went for want of room
    };
    // Reads on, then gives `use` the table, which is its own until it returns. Blocking: disk.
    State look(const std::function<void(const TopicTable&)>& use);
    // Gives the memory back where nobody has looked for kForgetMs: to be called now and then.
    void forget_unused();

private:
    // All with mutex_ held.
    void read_on();
    void read_retained(std::int64_t until_ms);
    [[nodiscard]] std::vector<PartitionId> partitions_behind();
    void bound_lag(PartitionId partition, const log::PartitionBounds& bounds, Offset& next,
                   std::uint64_t bytes_max);
    [[nodiscard]] bool read_partition(PartitionId partition); // true: there may be more

    const log::Log& log_;
    const Clock& clock_;
    const std::uint64_t backlog_bytes_;
    std::mutex mutex_;
    // All guarded by mutex_.
    std::unique_ptr<TopicTable> table_;
    std::unordered_map<PartitionId, Offset> next_; // offset to be read, of each partition
    std::uint64_t streams_version_ = 0;            // that next_ goes with
    std::string retained_after_; // the last topic of retained messages that was read
    bool has_retained_ = false;  // all were
    bool is_complete_ = false;
    std::uint64_t skipped_ = 0;
    std::size_t turn_ = 0;
    std::int64_t read_ms_ = -kRestMs; // monotonic; when the last turn ended
    std::int64_t looked_ms_ = 0;
};

// GET /api/v1/topics. The view outlives the server.
void add_topic_routes(Router& router, TopicView& view, const log::Log& log, const Clock& clock,
                      WorkQueue& queue);

} // namespace holdfast::gateway
