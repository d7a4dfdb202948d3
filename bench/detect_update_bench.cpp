// Question: what does one sample cost a warm detector, in ns a signal, and how large is its state?
// Budget: 2,000 ns a signal; 100,000 detectors of one signal in 300 MB, so 3,000 B each.

#include <holdfast/ml/ewma_chart.hpp>
#include <holdfast/ml/ewma_pca.hpp>
#include <holdfast/ml/range_forest.hpp>
#include <holdfast/ml/seasonal_range.hpp>

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace holdfast;

namespace {

constexpr int kWarmup = 288 * 8; // days of 5 minutes
constexpr int kSamples = 20'000;
constexpr int kSeries = 9;
constexpr std::int64_t kStepMs = 300'000;

double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

double daily(int step, std::size_t signal) {
    return std::sin(0.0218 * step + static_cast<double>(signal)) + 0.1 * std::cos(1.7 * step);
}

// Median of the series, in ns of CPU a signal: other work on the machine does not count.
template <typename Detector, typename Update>
void measure(const char* name, Detector detector, std::size_t signals, Update update) {
    std::vector<std::vector<double>> samples;
    for (int step = 0; step < kSamples; ++step) {
        auto& values = samples.emplace_back(signals);
        for (std::size_t i = 0; i < signals; ++i) values[i] = daily(step, i);
    }
    int step = 0;
    double sum = 0.0; // so that nothing is left out
    const auto one = [&] {
        sum += update(detector, step * kStepMs, samples[static_cast<std::size_t>(step) % kSamples]);
        ++step;
    };
    while (step < kWarmup) one();
    std::vector<double> series;
    for (int round = 0; round < kSeries; ++round) {
        const double from = cpu_ns();
        for (int i = 0; i < kSamples; ++i) one();
        series.push_back((cpu_ns() - from) / kSamples / static_cast<double>(signals));
    }
    std::nth_element(series.begin(), series.begin() + kSeries / 2, series.end());
    Bytes state;
    detector.save(state);
    fmt::print("{:16} {:2} signals  {:7.1f} ns a signal  {:6} B saved  (scores {:.3g})\n", name,
               signals, series[kSeries / 2], state.size(), sum);
}

} // namespace

int main() {
    const auto timed = [](auto& detector, std::int64_t ms, const std::vector<double>& values) {
        return detector.update(ms, values.front()).score;
    };
    const auto counted = [](auto& detector, std::int64_t, const std::vector<double>& values) {
        return detector.update(values).score;
    };
    fmt::print("sizeof(RangeForest) {} B\n", sizeof(ml::RangeForest));
    measure("range_forest", ml::RangeForest(), 1, timed);
    measure("seasonal_range", ml::SeasonalRange(), 1, timed);
    for (const std::size_t signals : {2, 8, 32}) {
        measure("ewma_chart", ml::EwmaChart(signals), signals, counted);
        measure("ewma_pca", ml::EwmaPca(signals), signals, counted);
    }
}
