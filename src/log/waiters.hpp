#pragma once

#include <holdfast/base/ids.hpp>
#include <holdfast/log/log.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace holdfast::log {

// Who waits for a partition's readable end. Thread-safe; one thread at a time calls wake().
class Waiters {
public:
    using Id = std::uint64_t;

    // Registers `wake`, unless `is_past()` (asked under the lock, so that no advance is missed)
    // holds already: then the caller is to call it, and 0 comes back.
    Id add(PartitionId partition, Offset from, Isolation isolation, std::function<void()>& wake,
           const std::function<bool()>& is_past);
    // After it returns the waiter is not running and never will, unless it is the caller itself.
    // Nothing happens for 0.
    void cancel(Id id);

    // Calls, once, each waiter of the partition whose offset lies below its readable end.
    void wake(PartitionId partition, const PartitionBounds& bounds);

private:
    struct Waiter {
        Id id = 0;
        Offset from = 0;
        Isolation isolation{};
        std::function<void()> wake;
    };

    std::mutex mutex_;
    std::condition_variable ran_;
    // All guarded by mutex_.
    std::unordered_map<PartitionId, std::vector<Waiter>> waiting_;
    std::unordered_map<Id, PartitionId> partition_of_;
    Id last_id_ = 0;
    Id running_ = 0;
    std::thread::id running_on_;
};

} // namespace holdfast::log
