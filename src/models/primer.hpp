#pragma once

#include "models/priming.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace holdfast::models {

// The thread that primes new models, one after the other. Thread-safe; all that it is made with
// outlives it.
class Primer {
public:
    // Called on the thread for each priming that ended, also with an error, but was not stopped.
    using Done = std::function<void(Priming&, Result<PrimedPartitions>)>;

    Primer(const history::Store* history, const log::Log& log, const Clock& clock, Metrics& metrics,
           Done done);
    ~Primer(); // stop()

    void begin(std::shared_ptr<Priming> priming);
    // Ends the one under way, drops the others; returns when nothing runs. Not under a lock that
    // `done` takes.
    void stop();

private:
    void run();

    const history::Store* const history_;
    const log::Log& log_;
    const Clock& clock_;
    const Done done_;
    Counter& rows_;
    Counter& failed_;
    // Models that wait or are primed. Shared with a gauge, which outlives it.
    const std::shared_ptr<std::atomic<std::size_t>> pending_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::shared_ptr<Priming>> waiting_; // guarded by mutex_
    std::shared_ptr<Priming> at_work_;             // guarded by mutex_
    bool is_stopping_ = false;                     // guarded by mutex_
    std::thread thread_;                           // guarded by mutex_; begins with the first
};

} // namespace holdfast::models
