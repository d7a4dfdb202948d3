#include <holdfast/gateway/rest/metrics_history.hpp>

#include <gateway/rest/json.hpp>
#include <holdfast/base/clock.hpp>
#include <holdfast/base/metrics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>
#include <utility>

namespace holdfast::gateway {

namespace {

// The sum of a metric's samples in OpenMetrics text, whatever their labels.
double total(std::string_view text, std::string_view name) {
    double sum = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with(name)) continue;
        const char next = line.size() > name.size() ? line[name.size()] : '\0';
        if (next != ' ' && next != '{') continue; // another name that begins so
        double value = 0;
        const char* const begin = line.data() + line.rfind(' ') + 1;
        const auto [stop, error] = std::from_chars(begin, line.data() + line.size(), value);
        if (error == std::errc() && std::isfinite(value)) sum += value;
    }
    return sum;
}

} // namespace

void MetricsHistory::take() {
    Sample sample;
    sample.at_ms = clock_.now_ms();
    const std::string text = metrics_.render(); // gauges take locks of their own: not under ours
    for (std::size_t i = 0; i < kNames.size(); ++i) sample.values[i] = total(text, kNames[i]);
    const std::lock_guard lock(mutex_);
    if (samples_.size() >= kSamplesMax) samples_.pop_front();
    samples_.push_back(sample);
}

std::string MetricsHistory::to_json(std::int64_t from_ms) const {
    std::string out =
        fmt::format("{{\"every_ms\":{},\"names\":[", std::chrono::milliseconds(kEvery).count());
    for (std::size_t i = 0; i < kNames.size(); ++i)
        fmt::format_to(std::back_inserter(out), "{}\"{}\"", i == 0 ? "" : ",", kNames[i]);
    out += "],\"samples\":[";
    const std::lock_guard lock(mutex_);
    const char* between = "\n";
    for (const Sample& sample : samples_) {
        if (sample.at_ms < from_ms) continue;
        fmt::format_to(std::back_inserter(out), "{}[{},{}]", std::exchange(between, ",\n"),
                       sample.at_ms, fmt::join(sample.values, ","));
    }
    return out += "]}";
}

void add_metrics_history_route(Router& router, const MetricsHistory& history, WorkQueue& queue) {
    router.add("GET", "/api/v1/metrics/history", {"from"},
               Right::area(access::Action::read, "metrics"),
               on_queue(queue, [&history](const HttpRequest& request) -> Result<HttpResponse> {
                   HF_TRY(const auto from_ms, request.time_ms("from"));
                   HttpResponse response;
                   response.body = history.to_json(from_ms.value_or(0));
                   return response;
               }));
}

} // namespace holdfast::gateway
