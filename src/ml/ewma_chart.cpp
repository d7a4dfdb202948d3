#include <holdfast/ml/ewma_chart.hpp>

#include "ml/ewma_chart_bounds.hpp"
#include "ml/share_out.hpp"
#include "ml/state_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <limits>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 3;
constexpr std::uint8_t kStateVersionOld = 2; // never pruned, else the same
// How far the warm-up is: these numbers reach disk.
constexpr std::uint8_t kWarmingUp = 0;
constexpr std::uint8_t kFitted = 1;
constexpr std::uint8_t kPruned = 2; // warming up, and pruned
constexpr double kLimitLeast = 0.1; // under that of white noise for the least smoothing, 0.18
constexpr double kClearPart = 0.8;  // of the ratio that raises
// Part of a sample's distance by which the mean follows: 10,000 samples to take a change in.
constexpr double kFollow = 1e-4;
// Then the walk of the mean is bounded, too: at half the time constant its variance has settled.
constexpr double kWalkMax = 1.0 / (2.0 * kFollow);

} // namespace

EwmaChart::EwmaChart(std::size_t signals, EwmaChartSettings settings)
    : settings_(settings),
      signal_count_(signals),
      starts_kept_(static_cast<std::uint32_t>(starts_kept())),
      training_(signals),
      averages_(signals * (starts_kept_ + 2 * extremes_kept())) {
    assert(signals >= 2 && signals <= kEwmaChartSignalsMax);
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
        if (signal.limit == 0.0 || !is_chart_value(sample[i])) continue;
        const double z = std::clamp((sample[i] - signal.mean) / signal.scale, -kChartDeviationsMax,
                                    kChartDeviationsMax);
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
    if (!is_pruned_) return;
    const std::vector<Start> starts = starts_of(index);
    writer.u16_be(static_cast<std::uint16_t>(starts.size()));
    for (const Start& start : starts) {
        writer.u16_be(start.values);
        write_f32(writer, start.average);
    }
}

void EwmaChart::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(signal_count_));
    writer.u8(is_fitted() ? kFitted : is_pruned_ ? kPruned : kWarmingUp);
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
    HF_TRY(const std::uint8_t phase, reader.u8());
    const bool is_known = (version == kStateVersion && phase <= kPruned) ||
                          (version == kStateVersionOld && phase <= kFitted);
    if (!is_known || count != signal_count_) return never_saved();
    if (phase == kFitted) {
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
    is_pruned_ = phase == kPruned;
    if (is_pruned_) averages_ = std::vector<float>(signal_count_ * 2 * extremes_kept());
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
    if (training.values > collected_ || !is_chart_value(training.first) || training.squares < 0.0 ||
        std::abs(training.mean) > kApartMax || std::abs(training.average) > kApartMax ||
        kept > extremes_kept() || kept > training.values)
        return never_saved();
    // Pruned is what has all its starts behind it.
    if (is_pruned_ && (kept == 0 || training.values <= starts_kept_)) return never_saved();
    training.kept = kept;
    const Averages<float> averages = averages_of(index);
    for (const std::span<float> part : {averages.highs, averages.lows, averages.starts}) {
        for (float& value : part) {
            HF_TRY(read_f32(reader, value));
        }
    }
    const bool is_sorted = std::ranges::is_sorted(averages.highs, std::greater<>()) &&
                           std::ranges::is_sorted(averages.lows);
    if (!is_sorted) return never_saved();
    return is_pruned_ ? read_starts(reader, index) : ok();
}

Result<void> EwmaChart::read_starts(ByteReader& reader, std::size_t index) {
    HF_TRY(const std::uint16_t count, reader.u16_be());
    std::uint16_t before = 0;
    for (std::uint16_t i = 0; i < count; ++i) {
        Start start{0.0F, 0, static_cast<std::uint8_t>(index)};
        HF_TRY(start.values, reader.u16_be());
        HF_TRY(read_f32(reader, start.average));
        // In order of age, which bounds them, too.
        if (start.values <= before || start.values > starts_kept_) return never_saved();
        before = start.values;
        starts_.push_back(start);
    }
    return ok();
}

Result<void> EwmaChart::read_signal(ByteReader& reader, Signal& signal) const {
    for (double* number : {&signal.mean, &signal.scale, &signal.limit, &signal.average}) {
        HF_TRY(read_f64(reader, *number));
    }
    // A mean lies among values; ten of their deviations are no wider; averages are clamped.
    const bool is_sound = std::abs(signal.mean) <= 10.0 * kChartValueMax && signal.scale > 0.0 &&
                          signal.scale <= 10.0 * kChartValueMax &&
                          (signal.limit == 0.0 || signal.limit >= kLimitLeast) &&
                          signal.limit <= kChartDeviationsMax &&
                          std::abs(signal.average) <= kChartDeviationsMax;
    return is_sound ? ok() : never_saved();
}

} // namespace holdfast::ml
