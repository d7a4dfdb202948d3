#include <holdfast/ml/ewma_chart.hpp>

#include "ml/ewma_chart_bounds.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

// The warm-up: what is kept of it, and what it is fitted to.
namespace holdfast::ml {
namespace {

constexpr double kConstantTremble = 1e-3;   // deviation of a constant signal, of its size
constexpr std::uint32_t kValuesNeeded = 20; // in the warm-up, to judge a signal
constexpr double kStartLeft = 0.05;         // in an average that is as good as any later one
constexpr double kPercentile = 0.99;
constexpr std::uint32_t kPruneSamples = 32; // the first averages are looked through as often
constexpr double kPruneMargin = 1e-9;       // of the sizes compared, far above their rounding
// No control limit is narrower than that of white noise: its average deviates by
// sqrt(a / (2 - a)), 0.23 for a = 0.1, and 99 % of it lie within 2.58 of these.
constexpr double kNormalBound = 2.576;

} // namespace

std::size_t EwmaChart::starts_kept() const {
    std::size_t starts = 0;
    while (starts < settings_.warmup_samples && start_left(starts + 1) > kStartLeft) ++starts;
    return starts;
}

// Of so many values the percentile is among the largest.
std::size_t EwmaChart::extremes_kept() const {
    const double below = std::floor(kPercentile * settings_.warmup_samples);
    return settings_.warmup_samples - static_cast<std::size_t>(below);
}

EwmaChart::Averages<const float> EwmaChart::averages_of(std::size_t index) const {
    const Training& training = training_[index];
    const std::size_t extremes = extremes_kept();
    const std::size_t starts = is_pruned_ ? 0 : starts_kept_;
    const std::span<const float> all(averages_);
    const auto own = all.subspan(index * (starts + 2 * extremes), starts + 2 * extremes);
    return {own.first(std::min<std::size_t>(training.values, starts)),
            own.subspan(starts, training.kept), own.subspan(starts + extremes, training.kept)};
}

EwmaChart::Averages<float> EwmaChart::averages_of(std::size_t index) {
    const auto own = std::as_const(*this).averages_of(index);
    const auto writable = [this](std::span<const float> part) {
        return std::span(averages_).subspan(
            static_cast<std::size_t>(part.data() - averages_.data()), part.size());
    };
    return {writable(own.starts), writable(own.highs), writable(own.lows)};
}

// Sums and extremes do, so a thousand devices that warm up at once keep no samples. All is less the
// first value: a large offset must not cost the digits that vary.
void EwmaChart::collect(std::span<const double> sample) {
    for (std::size_t i = 0; i < signal_count_; ++i)
        if (is_chart_value(sample[i])) collect_value(i, sample[i]);
    ++collected_;
    if (collected_ % kPruneSamples == 0) prune_starts();
    if (!is_fitted()) return;
    signals_.reserve(signal_count_);
    for (std::size_t i = 0; i < signal_count_; ++i) signals_.push_back(fitted(i));
    end_training();
}

// Gives the memory back, which `= {}` would not.
void EwmaChart::end_training() {
    std::vector<Training>().swap(training_);
    std::vector<float>().swap(averages_);
    std::vector<Start>().swap(starts_);
}

// Of the first averages nearly all turn out to be near the mean, and take most of the memory.
void EwmaChart::prune_starts() {
    const auto is_full = [this](const Training& training) {
        return training.kept == extremes_kept();
    };
    if (!std::ranges::all_of(training_, is_full)) return; // also: each has all its starts
    std::vector<Start> left;
    for (std::size_t i = 0; i < signal_count_; ++i)
        for (const Start& start : starts_of(i))
            if (may_be_furthest(start)) left.push_back(start);
    const std::size_t plain_bytes = signal_count_ * starts_kept_ * sizeof(float);
    if (!is_pruned_ && left.size() * sizeof(Start) >= plain_bytes) return; // not yet worth it
    left.shrink_to_fit();
    if (!is_pruned_) {
        std::vector<float> extremes;
        extremes.reserve(signal_count_ * 2 * extremes_kept());
        for (std::size_t i = 0; i < signal_count_; ++i)
            for (const auto& side : {averages_of(i).highs, averages_of(i).lows})
                extremes.insert(extremes.end(), side.begin(), side.end());
        averages_ = std::move(extremes);
    }
    starts_ = std::move(left);
    is_pruned_ = true;
}

// How far an average s of a share a of its values is from a mean m is |s - a m|. The least high h
// and the greatest low l are full averages, of share 1: the further of them is max(h - m, m - l)
// away, which is least, (h - l) / 2, at m = (h + l) / 2, and grows by 1 on both sides, where |s - a
// m| grows by a. So where that is not larger there, it is for no mean, and as many averages as are
// ever asked for are at least as far away. They only move further out.
bool EwmaChart::may_be_furthest(const Start& start) const {
    const Averages<const float> averages = averages_of(start.signal);
    const double high = averages.highs.back();
    const double low = averages.lows.back();
    const double average = start.average;
    const double size = std::abs(average - (high + low) / 2.0 * (1.0 - start_left(start.values)));
    const double rounding = kPruneMargin * (std::abs(high) + std::abs(low) + std::abs(average));
    return size > (high - low) / 2.0 - rounding;
}

void EwmaChart::collect_value(std::size_t index, double value) {
    Training& training = training_[index];
    if (training.values == 0) training.first = value;
    const double from_first = value - training.first;
    if (std::abs(from_first) > double{std::numeric_limits<float>::max()}) return;
    ++training.values;
    const double step = from_first - training.mean; // Welford, Technometrics 4(3), 1962
    training.mean += step / training.values;
    training.squares += step * (from_first - training.mean);
    training.average += settings_.smoothing * (from_first - training.average);
    const auto average = static_cast<float>(training.average);
    if (training.values <= starts_kept_)
        averages_of(index).starts.back() = average;
    else
        keep_extremes(index, average);
}

void EwmaChart::keep_extremes(std::size_t index, float average) {
    Training& training = training_[index];
    const bool is_full = training.kept == extremes_kept();
    if (!is_full) ++training.kept;
    const auto keep = [&](std::span<float> sorted, auto is_further) {
        if (is_full && !is_further(average, sorted.back())) return;
        // The last one is free, or goes.
        const auto at = std::upper_bound(sorted.begin(), sorted.end() - 1, average, is_further);
        std::copy_backward(at, sorted.end() - 1, sorted.end());
        *at = average;
    };
    const Averages<float> averages = averages_of(index);
    keep(averages.highs, std::greater<>());
    keep(averages.lows, std::less<>());
}

std::vector<EwmaChart::Start> EwmaChart::starts_of(std::size_t index) const {
    std::vector<Start> out;
    const auto signal = static_cast<std::uint8_t>(index);
    const std::span<const float> plain = averages_of(index).starts;
    for (std::size_t i = 0; i < plain.size(); ++i)
        out.push_back({plain[i], static_cast<std::uint16_t>(i + 1), signal});
    for (const Start& start : starts_)
        if (start.signal == signal) out.push_back(start);
    return out;
}

// The part of an average of so many values that is none of them, but where it started.
double EwmaChart::start_left(std::size_t values) const {
    return std::pow(1.0 - settings_.smoothing, static_cast<double>(values));
}

EwmaChart::Signal EwmaChart::fitted(std::size_t index) const {
    const Training& training = training_[index];
    const Averages<const float> averages = averages_of(index);
    Signal signal{training.values > 0 ? training.first : 0.0, 1.0, 0.0, 0.0};
    if (training.values < kValuesNeeded) return signal;

    signal.mean = training.first + training.mean;
    const double floor = kConstantTremble * std::max(std::abs(signal.mean), kConstantTremble);
    signal.scale = std::max(std::sqrt(training.squares / (training.values - 1.0)), floor);
    const double arrived = 1.0 - start_left(training.values);
    signal.average = std::clamp((training.average - training.mean * arrived) / signal.scale,
                                -kChartDeviationsMax, kChartDeviationsMax);

    // The furthest from the mean are among the furthest on either side, or those of the start.
    std::vector<double> sizes;
    for (const Start& start : starts_of(index)) {
        const double share = 1.0 - start_left(start.values);
        sizes.push_back(std::abs(start.average - training.mean * share) / signal.scale);
    }
    for (const std::span<const float> side : {averages.lows, averages.highs})
        for (const float average : side)
            sizes.push_back(std::abs(average - training.mean) / signal.scale);
    std::ranges::sort(sizes, std::greater<>());
    const auto beyond = training.values - static_cast<std::size_t>(kPercentile * training.values);
    const double percentile = sizes.size() < beyond ? 0.0 : sizes[beyond - 1];
    const double noise = std::sqrt(settings_.smoothing / (2.0 - settings_.smoothing));
    signal.limit = std::clamp(percentile, kNormalBound * noise, kChartDeviationsMax);
    return signal;
}

} // namespace holdfast::ml
