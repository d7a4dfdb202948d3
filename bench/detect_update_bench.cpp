// Question: what does one sample cost a warm detector, in ns a signal, how large is its state, and
// what do 100,000 of them hold in memory, while they warm up and after?
// Budget: 2,000 ns a signal; 100,000 detectors of one signal in 300 MB, so 3,000 B each.

#include <holdfast/ml/ensemble.hpp>
#include <holdfast/ml/ewma_chart.hpp>
#include <holdfast/ml/ewma_pca.hpp>
#include <holdfast/ml/level_shift.hpp>
#include <holdfast/ml/range_forest.hpp>
#include <holdfast/ml/rls.hpp>
#include <holdfast/ml/seasonal_range.hpp>
#include <holdfast/ml/sensor_fault.hpp>

#include <fmt/format.h>
#include <malloc.h>
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

double heap_bytes() {
    const auto now = mallinfo2();
    return static_cast<double>(now.uordblks + now.hblkhd);
}

// MB of so many detectors, of which a hundredth is made.
template <typename Make, typename Update>
double held_mb(Make make, std::size_t signals, int samples, Update update) {
    constexpr int kDetectors = 100'000;
    constexpr int kPart = 100;
    std::vector<decltype(make(signals))> all;
    const double from = heap_bytes();
    all.reserve(kDetectors / kPart);
    std::vector<double> values(signals);
    for (int i = 0; i < kDetectors / kPart; ++i) {
        all.push_back(make(signals));
        for (int step = 0; step < samples; ++step) {
            for (std::size_t signal = 0; signal < signals; ++signal)
                values[signal] = daily(step, signal);
            update(all.back(), step * kStepMs, values);
        }
    }
    return (heap_bytes() - from) * kPart / 1e6;
}

template <typename Make, typename Update>
void measure_memory(const char* name, Make make, std::size_t signals, Update update) {
    fmt::print("{:16} {:2} signals  100,000 hold {:6.0f} MB in the warm-up, {:6.0f} MB after\n",
               name, signals, held_mb(make, signals, 150, update),
               held_mb(make, signals, 700, update));
}

} // namespace

int main() {
    const auto timed = [](auto& detector, std::int64_t ms, const std::vector<double>& values) {
        return detector.update(ms, values.front()).score;
    };
    const auto counted = [](auto& detector, std::int64_t, const std::vector<double>& values) {
        return detector.update(values).score;
    };
    const auto both = [](auto& detector, std::int64_t ms, const std::vector<double>& values) {
        return detector.update(ms, values).score;
    };
    fmt::print("sizeof(RangeForest) {} B\n", sizeof(ml::RangeForest));
    measure("range_forest", ml::RangeForest(), 1, timed);
    measure("seasonal_range", ml::SeasonalRange(), 1, timed);
    for (const std::size_t signals : {2U, 8U, 32U}) {
        measure("ewma_chart", ml::EwmaChart(signals), signals, counted);
        measure("ewma_pca", ml::EwmaPca(signals), signals, counted);
        measure("level_shift", ml::LevelShift(signals), signals, counted);
        measure("rls", ml::Rls(signals), signals, counted);
        measure("sensor_fault", ml::SensorFault(signals), signals, both);
        measure("ensemble", ml::Ensemble(signals), signals, both);
    }
    measure_memory("range_forest", [](std::size_t) { return ml::RangeForest(); }, 1, timed);
    for (const std::size_t signals : {2U, 4U, 8U}) {
        measure_memory(
            "ewma_chart", [](std::size_t m) { return ml::EwmaChart(m); }, signals, counted);
        measure_memory(
            "level_shift", [](std::size_t m) { return ml::LevelShift(m); }, signals, counted);
        measure_memory("rls", [](std::size_t m) { return ml::Rls(m); }, signals, counted);
        measure_memory(
            "sensor_fault", [](std::size_t m) { return ml::SensorFault(m); }, signals, both);
        measure_memory("ensemble", [](std::size_t m) { return ml::Ensemble(m); }, signals, both);
    }
}
