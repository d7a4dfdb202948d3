#include "log/waiters.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::log {

Waiters::Id Waiters::add(PartitionId partition, Offset from, Isolation isolation,
                         std::function<void()>& wake, const std::function<bool()>& is_past) {
    const std::lock_guard lock(mutex_);
    if (is_past()) return 0;
    const Id id = ++last_id_;
    waiting_[partition].push_back({id, from, isolation, std::move(wake)});
    partition_of_[id] = partition;
    return id;
}

void Waiters::cancel(Id id) {
    if (id == 0) return;
    std::unique_lock lock(mutex_);
    if (const auto found = partition_of_.find(id); found != partition_of_.end()) {
        const auto at = waiting_.find(found->second);
        std::erase_if(at->second, [id](const Waiter& waiter) { return waiter.id == id; });
        if (at->second.empty()) waiting_.erase(at);
        partition_of_.erase(found);
        return;
    }
    if (running_on_ == std::this_thread::get_id()) return;
    ran_.wait(lock, [&] { return running_ != id; });
}

void Waiters::wake(PartitionId partition, const PartitionBounds& bounds) {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto at = waiting_.find(partition);
        if (at == waiting_.end()) return;
        auto& waiters = at->second;
        const auto ready = std::find_if(waiters.begin(), waiters.end(), [&](const Waiter& waiter) {
            return waiter.from < bounds.readable_end(waiter.isolation);
        });
        if (ready == waiters.end()) return;
        const Waiter waiter = std::move(*ready);
        waiters.erase(ready);
        if (waiters.empty()) waiting_.erase(at);
        partition_of_.erase(waiter.id);
        running_ = waiter.id;
        running_on_ = std::this_thread::get_id();
        lock.unlock();
        waiter.wake();
        lock.lock();
        running_ = 0;
        running_on_ = {};
        ran_.notify_all();
    }
}

} // namespace holdfast::log
