#include "app/compaction_thread.hpp"

#include <holdfast/base/log_line.hpp>

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace holdfast::app {

namespace {

constexpr std::chrono::seconds kEvery{15};

} // namespace

CompactionThread::CompactionThread(log::Log& log, const Clock& clock)
    : log_(log), clock_(clock), thread_([this](const std::stop_token& stop) { loop(stop); }) {}

void CompactionThread::loop(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stopped.wait_for(lock, stop, kEvery, [&] { return stop.stop_requested(); })) {
        const auto gone = log_.compact(clock_.now_ms(), stop);
        if (!gone) {
            log_warn("log", "compaction: {}", gone.error().context);
        } else if (gone.value().records != 0) {
            const log::Compacted& what = gone.value();
            log_info("log", "compacted {} partitions: {} records, {} bytes went", what.partitions,
                     what.records, what.bytes);
        }
    }
}

} // namespace holdfast::app
