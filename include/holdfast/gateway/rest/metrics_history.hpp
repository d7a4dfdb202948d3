#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace holdfast {
class Clock;
class Metrics;
} // namespace holdfast

namespace holdfast::gateway {

class Router;
class WorkQueue;

// The last hour of the metrics that say how a server does, in memory, so that whoever looks sees
// what was before he came. About 50 KiB; it begins anew with the server. Thread-safe.
class MetricsHistory {
public:
    static constexpr std::chrono::seconds kEvery{5}; // what take() is to be called at
    static constexpr std::size_t kSamplesMax = 720;  // an hour of it

    // Both outlive it.
    MetricsHistory(const Metrics& metrics, const Clock& clock) : metrics_(metrics), clock_(clock) {}

    // One sample, now. The oldest goes where there are kSamplesMax.
    void take();
    // {"every_ms","names":[...],"samples":[[at_ms, value, ...]]}, oldest first, of a time not
    // before `from_ms`. Values are those of /metrics: counters since the start, sums over labels.
    [[nodiscard]] std::string to_json(std::int64_t from_ms) const;

private:
    static constexpr std::array<std::string_view, 6> kNames{
        "holdfast_mqtt_messages_received_total",
        "holdfast_mqtt_messages_delivered_total",
        "holdfast_mqtt_messages_dropped_total",
        "holdfast_log_appended_records_total",
        "holdfast_mqtt_clients",
        "holdfast_log_disk_bytes",
    };
    struct Sample {
        std::int64_t at_ms = 0;
        std::array<double, kNames.size()> values{};
    };

    const Metrics& metrics_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::deque<Sample> samples_; // guarded by mutex_
};

// GET /api/v1/metrics/history. `history` outlives the server.
void add_metrics_history_route(Router& router, const MetricsHistory& history, WorkQueue& queue);

} // namespace holdfast::gateway
