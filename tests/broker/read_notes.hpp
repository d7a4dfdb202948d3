#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace holdfast::broker::test {

// Who has read from a log, and how often. Thread-safe.
class ReadNotes {
public:
    std::atomic<std::size_t> fetches{0};

    void note() {
        const std::lock_guard lock(mutex_);
        readers_.insert(std::this_thread::get_id());
    }
    // Since the last call.
    [[nodiscard]] std::set<std::thread::id> take_readers() {
        const std::lock_guard lock(mutex_);
        return std::exchange(readers_, {});
    }

private:
    std::mutex mutex_;
    std::set<std::thread::id> readers_; // guarded by mutex_
};

} // namespace holdfast::broker::test
