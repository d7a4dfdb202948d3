#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// A number that only grows. add() is one relaxed atomic add; hot paths count in plain
// members and add once per turn. Thread-safe.
class Counter {
public:
    void add(std::uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

// The process's counters and gauges by name, rendered as OpenMetrics text. Owned by app.
// References from counter() stay valid as long as the registry. Thread-safe.
class Metrics {
public:
    // `name` as OpenMetrics wants it without `_total`, e.g. "holdfast_mqtt_messages_received";
    // `labels` is "" or `reason="full"`. The same (name, labels) gives the same counter.
    [[nodiscard]] Counter& counter(std::string_view name, std::string_view help,
                                   std::string_view labels = {});
    // `read` is called at each render(), from the rendering thread: it must be thread-safe. The
    // same (name, labels) replaces the gauge before.
    void gauge(std::string_view name, std::string_view help, std::function<double()> read,
               std::string_view labels = {});
    // OpenMetrics 1.0 text, ending in `# EOF`.
    [[nodiscard]] std::string render() const;

private:
    struct Entry {
        std::string name, help, labels;
        Counter counter;
        std::function<double()> read; // empty for a counter
    };
    mutable std::mutex mutex_;
    std::deque<Entry> entries_; // guarded by mutex_; a deque never moves its elements
};

} // namespace holdfast
