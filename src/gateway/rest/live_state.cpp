// Alarms and metrics: what the server knows of itself.

#include <gateway/rest/live_source.hpp>

#include <gateway/rest/json.hpp>
#include <holdfast/alarms/registry.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>
#include <holdfast/column/json_text.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <map>
#include <string_view>

namespace holdfast::gateway {
namespace {

constexpr std::size_t kAlarmsMax = 200; // in one event
constexpr std::int64_t kMetricsEveryMs = 2'000;

// A line break would end the event's data; only white space of JSON can be one.
std::string one_line(std::string json) {
    return json.find_first_of("\r\n") == std::string::npos ? json : compact_json(json);
}

class LiveAlarms final : public LiveSource {
public:
    explicit LiveAlarms(const alarms::Registry& alarms)
        : alarms_(alarms), next_(alarms.next_change()) {}

    void add_news(std::string& events) override {
        const auto changed = alarms_.changed_since(next_, kAlarmsMax);
        if (changed.alarms.empty()) return;
        next_ = changed.next_change;
        events += "event: alarms\ndata: {\"alarms\":[";
        for (const alarms::Alarm& alarm : changed.alarms) {
            if (events.back() != '[') events += ',';
            events += one_line(alarms::to_json(alarm));
        }
        fmt::format_to(std::back_inserter(events), "],\"dropped\":{}}}\n\n", changed.left_out);
    }

private:
    const alarms::Registry& alarms_;
    std::uint64_t next_; // change that the client has not heard of
};

class LiveMetrics final : public LiveSource {
public:
    LiveMetrics(const Metrics& metrics, const Clock& clock) : metrics_(metrics), clock_(clock) {}

    void add_news(std::string& events) override {
        const std::int64_t now_ms = clock_.monotonic_ms();
        if (is_told_ && now_ms - told_ms_ < kMetricsEveryMs) return;
        is_told_ = true;
        told_ms_ = now_ms;
        fmt::format_to(std::back_inserter(events),
                       "event: metrics\ndata: {{\"at_ms\":{},\"values\":{{", clock_.now_ms());
        for (const auto& [name, sum] : sums(metrics_.render())) {
            if (events.back() != '{') events += ',';
            column::append_json_string(events, name);
            fmt::format_to(std::back_inserter(events), ":{}", sum);
        }
        events += "}}\n\n";
    }

private:
    static std::map<std::string, double> sums(std::string_view text) {
        std::map<std::string, double> sums;
        while (!text.empty()) {
            const auto line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            const auto space = line.rfind(' ');
            if (line.starts_with('#') || space == std::string_view::npos) continue;
            double value = 0;
            const auto [end, error] =
                std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
            if (error != std::errc() || !std::isfinite(value)) continue;
            sums[std::string(line.substr(0, std::min(line.find('{'), space)))] += value;
        }
        return sums;
    }

    const Metrics& metrics_;
    const Clock& clock_;
    std::int64_t told_ms_ = 0; // monotonic
    bool is_told_ = false;
};

} // namespace

std::unique_ptr<LiveSource> make_live_alarms(const alarms::Registry& alarms) {
    return std::make_unique<LiveAlarms>(alarms);
}

std::unique_ptr<LiveSource> make_live_metrics(const Metrics& metrics, const Clock& clock) {
    return std::make_unique<LiveMetrics>(metrics, clock);
}

} // namespace holdfast::gateway
