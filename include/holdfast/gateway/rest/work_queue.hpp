#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace holdfast::gateway {

// Threads for handlers that must wait for a disk, so that no shard does. Thread-safe.
class WorkQueue {
public:
    // `low`: where there are too few cores, whoever takes messages goes first, as with queries.
    enum class Priority : std::uint8_t { normal, low };
    explicit WorkQueue(std::size_t threads = 2, std::size_t tasks_max = 1'024,
                       Priority priority = Priority::normal);
    ~WorkQueue(); // stop()

    // False, and nothing kept, where tasks_max are waiting or stop() was called.
    [[nodiscard]] bool try_push(std::function<void()> task);
    // Drops what waits, returns when no task runs any more.
    void stop();

private:
    void run();

    const std::size_t tasks_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_; // guarded by mutex_
    bool is_stopping_ = false;                // guarded by mutex_
    std::vector<std::thread> threads_;
};

} // namespace holdfast::gateway
