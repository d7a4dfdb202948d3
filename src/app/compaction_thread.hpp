#pragma once

#include <holdfast/base/clock.hpp>
#include <holdfast/log/log.hpp>

#include <stop_token>
#include <thread>

namespace holdfast::app {

// Compacts the log every quarter of a minute, as Kafka's cleaner does, in a thread of its own. The
// log outlives it.
class CompactionThread {
public:
    CompactionThread(log::Log& log, const Clock& clock);
    // Ends the pass under way at its next stretch.
    ~CompactionThread() = default;

private:
    void loop(const std::stop_token& stop);

    log::Log& log_;
    const Clock& clock_;
    std::jthread thread_; // last: it uses the others
};

} // namespace holdfast::app
