#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace holdfast::broker {

// Threads that read the disk for the shards, so that no event loop waits for it. What waits here is
// bounded by those who ask: a few reads of each shard. Thread-safe.
class ReadPool {
public:
    ReadPool() = default;
    ~ReadPool(); // stop()

    // Before it, whoever asks reads on its own thread. Once.
    void start(std::size_t threads);
    // Runs `job`, which posts what it found to its shard; first asked, first begun.
    void run(std::function<void()> job);
    // Drops what waits, returns when no job runs any more. Jobs that come later are dropped.
    void stop();

private:
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_; // guarded by mutex_
    bool is_stopping_ = false;               // guarded by mutex_
    bool has_threads_ = false;               // guarded by mutex_
    std::vector<std::thread> threads_;
};

} // namespace holdfast::broker
