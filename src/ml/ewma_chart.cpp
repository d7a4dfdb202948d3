#include <holdfast/ml/ewma_chart.hpp>

#include "ml/share_out.hpp"
#include "ml/state_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 2;
// No sensor gives more; beyond, squares overflow. Counts as missing.
constexpr double kValueMax = 1e100;
constexpr double kConstantTremble = 1e-3;   // deviation of a constant signal, of its size
constexpr std::uint32_t kValuesNeeded = 20; // in the warm-up, to judge a signal
constexpr double kStartLeft = 0.05;         // in an average that is as good as any later one
constexpr double kPercentile = 0.99;
// No control limit is narrower than that of white noise: its average deviates by
// sqrt(a / (2 - a)), 0.23 for a = 0.1, and 99 % of it lie within 2.58 of these.
constexpr double kNormalBound = 2.576;
constexpr double kLimitLeast = 0.1; // under that bound for the least smoothing that there is, 0.18
constexpr double kDeviationsMax = 10.0; // of one sample; more is no more certain
constexpr double kClearPart = 0.8;      // of the ratio that raises
// Part of a sample's distance by which the mean follows: 10,000 samples to take a change in.
constexpr double kFollow = 1e-4;
// Then the walk of the mean is bounded, too: at half the time constant its variance has settled.
constexpr double kWalkMax = 1.0 / (2.0 * kFollow);

bool is_value(double value) {
    return std::abs(value) <= kValueMax;
}

} // namespace

EwmaChart::EwmaChart(std::size_t signals, EwmaChartSettings settings)
    : settings_(settings),
      signal_count_(signals),
      starts_kept_(static_cast<std::uint32_t>(starts_kept())),
      training_(signals),
      averages_(signals * (starts_kept_ + 2 * extremes_kept())) {
    assert(signals >= 2 && signals <= kEwmaChartSignalsMax);
}

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
    const std::span<const float> all(averages_);
    const auto own =
        all.subspan(index * (starts_kept_ + 2 * extremes), starts_kept_ + 2 * extremes);
    return {own.first(std::min(training.values, starts_kept_)),
            own.subspan(starts_kept_, training.kept),
            own.subspan(starts_kept_ + extremes, training.kept)};
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
        if (is_value(sample[i])) collect_value(i, sample[i]);
    if (++collected_ < settings_.warmup_samples) return;
    signals_.reserve(signal_count_);
    for (std::size_t i = 0; i < signal_count_; ++i) signals_.push_back(fitted(i));
    end_training();
}

// Gives the memory back, which `= {}` would not.
void EwmaChart::end_training() {
    std::vector<Training>().swap(training_);
    std::vector<float>().swap(averages_);
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
                                -kDeviationsMax, kDeviationsMax);

    // The furthest from the mean are among the furthest on either side, or those of the start.
    std::vector<double> sizes;
    for (std::size_t i = 0; i < averages.starts.size(); ++i)
        sizes.push_back(std::abs(averages.starts[i] - training.mean * (1.0 - start_left(i + 1))) /
                        signal.scale);
    for (const std::span<const float> side : {averages.lows, averages.highs})
        for (const float average : side)
            sizes.push_back(std::abs(average - training.mean) / signal.scale);
    std::ranges::sort(sizes, std::greater<>());
    const auto beyond = training.values - static_cast<std::size_t>(kPercentile * training.values);
    const double percentile = sizes.size() < beyond ? 0.0 : sizes[beyond - 1];
    const double noise = std::sqrt(settings_.smoothing / (2.0 - settings_.smoothing));
    signal.limit = std::clamp(percentile, kNormalBound * noise, kDeviationsMax);
    return signal;
}

double EwmaChart::widening() const {
    const double samples = std::min(static_cast<double>(judged_), kWalkMax);
    return settings_.drift * std::sqrt(samples / static_cast<double>(settings_.warmup_samples));
}

// Mean of the two largest ratios of the signals that are judged.
double EwmaChart::worst_two() {
    const double more = widening();
    double first = 0.0;
    double second = 0.0;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        if (signals_[i].limit == 0.0) continue;
        const double ratio = std::abs(signals_[i].average) / (signals_[i].limit + more);
        if (ratio > first) {
            second = first;
            first = ratio;
            worst_ = i;
        } else {
            second = std::max(second, ratio);
        }
    }
    return (first + second) / 2.0;
}

Verdict EwmaChart::update(std::span<const double> sample) {
    assert(sample.size() == signal_count_);
    Verdict verdict;
    if (!is_fitted()) {
        collect(sample);
        return verdict;
    }
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        Signal& signal = signals_[i];
        if (signal.limit == 0.0 || !is_value(sample[i])) continue;
        const double z =
            std::clamp((sample[i] - signal.mean) / signal.scale, -kDeviationsMax, kDeviationsMax);
        signal.average += settings_.smoothing * (z - signal.average);
        signal.mean += kFollow * z * signal.scale;
    }
    const double ratio = worst_two();
    ++judged_;
    verdict.is_warm = true;
    verdict.score = ratio / (ratio + settings_.limit);
    verdict.transition = decide(ratio);
    return verdict;
}

Transition EwmaChart::decide(double ratio) {
    const double raising = settings_.limit * settings_.threshold / (1.0 - settings_.threshold);
    if (!alarmed_ && ratio >= raising) {
        alarmed_ = true;
        return Transition::raised;
    }
    if (alarmed_ && ratio < kClearPart * raising) {
        alarmed_ = false;
        return Transition::cleared;
    }
    return Transition::none;
}

Explanation EwmaChart::explain() const {
    Explanation out;
    if (!is_fitted()) return out;
    const auto reach_of = [this](const Signal& signal) {
        return (signal.limit + widening()) * signal.scale;
    };
    for (const Signal& each : signals_) {
        const double reach = reach_of(each);
        if (each.limit == 0.0)
            out.signals.push_back({std::nan(""), std::nan(""), 0.0});
        else
            out.signals.push_back({each.mean - reach, each.mean + reach,
                                   std::abs(each.average) * each.scale / reach});
    }
    share_out(out.signals);
    const Signal& signal = signals_[worst_];
    const double reach = reach_of(signal);
    out.signal = worst_;
    out.value = signal.mean + signal.average * signal.scale;
    out.expected_low = signal.mean - reach;
    out.expected_high = signal.mean + reach;
    out.context = fmt::format("moving average, as in the first {} samples and drift since",
                              settings_.warmup_samples);
    return out;
}

void EwmaChart::write_training(ByteWriter& writer, std::size_t index) const {
    const Training& training = training_[index];
    const Averages<const float> averages = averages_of(index);
    writer.u32_be(training.values);
    for (const double value : {training.first, training.mean, training.squares, training.average})
        write_f64(writer, value);
    writer.u8(training.kept);
    for (const std::span<const float> part : {averages.highs, averages.lows, averages.starts})
        for (const float value : part) write_f32(writer, value);
}

void EwmaChart::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(signal_count_));
    writer.u8(is_fitted() ? 1 : 0);
    if (!is_fitted()) {
        writer.u32_be(collected_);
        for (std::size_t i = 0; i < signal_count_; ++i) write_training(writer, i);
        return;
    }
    writer.u8(alarmed_ ? 1 : 0);
    writer.u64_be(judged_);
    for (const Signal& signal : signals_)
        for (const double value : {signal.mean, signal.scale, signal.limit, signal.average})
            write_f64(writer, value);
}

Result<void> EwmaChart::restore(ByteView bytes) {
    EwmaChart read(signal_count_, settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of an EWMA chart detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector. Every number is looked at: what save() never writes must not come in.
Result<void> EwmaChart::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t count, reader.u8());
    HF_TRY(const std::uint8_t fitted, reader.u8());
    if (version != kStateVersion || count != signal_count_ || fitted > 1) return never_saved();
    if (fitted == 1) {
        HF_TRY(const std::uint8_t alarmed, reader.u8());
        if (alarmed > 1) return never_saved();
        alarmed_ = alarmed != 0;
        HF_TRY(judged_, reader.u64_be());
        signals_.resize(signal_count_);
        for (Signal& signal : signals_) {
            HF_TRY(read_signal(reader, signal));
        }
        collected_ = settings_.warmup_samples;
        end_training();
        return reader.empty() ? ok() : never_saved();
    }
    HF_TRY(collected_, reader.u32_be());
    if (collected_ >= settings_.warmup_samples) return never_saved();
    for (std::size_t i = 0; i < signal_count_; ++i) {
        HF_TRY(read_training(reader, i));
    }
    return reader.empty() ? ok() : never_saved();
}

Result<void> EwmaChart::read_training(ByteReader& reader, std::size_t index) {
    Training& training = training_[index];
    HF_TRY(training.values, reader.u32_be());
    for (double* number : {&training.first, &training.mean, &training.squares, &training.average}) {
        HF_TRY(read_f64(reader, *number));
    }
    HF_TRY(const std::uint8_t kept, reader.u8());
    constexpr double kApartMax = std::numeric_limits<float>::max();
    if (training.values > collected_ || !is_value(training.first) || training.squares < 0.0 ||
        std::abs(training.mean) > kApartMax || std::abs(training.average) > kApartMax ||
        kept > extremes_kept() || kept > training.values)
        return never_saved();
    training.kept = kept;
    const Averages<float> averages = averages_of(index);
    for (const std::span<float> part : {averages.highs, averages.lows, averages.starts}) {
        for (float& value : part) {
            HF_TRY(read_f32(reader, value));
        }
    }
    const bool is_sorted = std::ranges::is_sorted(averages.highs, std::greater<>()) &&
                           std::ranges::is_sorted(averages.lows);
    return is_sorted ? ok() : never_saved();
}

Result<void> EwmaChart::read_signal(ByteReader& reader, Signal& signal) const {
    for (double* number : {&signal.mean, &signal.scale, &signal.limit, &signal.average}) {
        HF_TRY(read_f64(reader, *number));
    }
    // A mean lies among values; ten of their deviations are no wider; averages are clamped.
    const bool is_sound =
        std::abs(signal.mean) <= 10.0 * kValueMax && signal.scale > 0.0 &&
        signal.scale <= 10.0 * kValueMax && (signal.limit == 0.0 || signal.limit >= kLimitLeast) &&
        signal.limit <= kDeviationsMax && std::abs(signal.average) <= kDeviationsMax;
    return is_sound ? ok() : never_saved();
}

} // namespace holdfast::ml
