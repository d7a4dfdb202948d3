#pragma once

#include <holdfast/log/append.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace holdfast::log {

// Where the committer's work waits. Bounded by its callers: a shard, a consumer or a session has
// at most a few groups under way, each bounded in bytes by its own queue. Thread-safe.
class Mailbox {
public:
    using Task = std::function<void()>;
    struct Work {
        std::vector<AppendGroup*> groups;
        std::vector<Task*> tasks;
        bool closed = false; // nothing more will come
    };

    // False once closed.
    [[nodiscard]] bool put(AppendGroup& group);
    [[nodiscard]] bool put(Task& task); // the caller keeps it until it ran
    void close();

    // Swaps what waits into `work` (cleared before); blocks while there is nothing, at most
    // `patience` where one is given.
    void take(Work& work, std::optional<std::chrono::milliseconds> patience);

private:
    std::mutex mutex_;
    std::condition_variable filled_;
    Work waiting_; // guarded by mutex_
};

} // namespace holdfast::log
