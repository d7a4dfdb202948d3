#include <holdfast/ml/level_shift.hpp>

#include "ml/score.hpp"
#include "ml/share_out.hpp"
#include "ml/state_io.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr double kValueMax = 1e37; // no sensor gives more; counts as missing
constexpr std::uint32_t kCountMax = 1'000'000'000;
constexpr double kConstantTremble = 1e-3; // deviation of a constant signal, of its size
constexpr double kDeviationLeast = 1e-30; // of a signal that was 0 and nothing else
constexpr double kOutlier = 4.0;          // deviations; more is no more certain
constexpr double kHuber = 1.5;            // deviations that pull the level in full
constexpr double kMeanSize = 0.797885;    // of |z|, z normal: sqrt(2 / pi)
constexpr double kRecent = 0.05;          // weight of the newest value: some 20 are recent
constexpr double kSpreadLeast = 0.05;     // so that a constant has a spread to divide by
// What is no shift, and no change of variance, whatever came before.
constexpr double kShiftLeast = 1.0;  // deviations
constexpr double kChangeLeast = 2.0; // twice, or half
// Part of what is beyond a record that becomes normal each sample.
constexpr double kFollow = 1.0 / 100.0;

bool is_value(double value) {
    return std::abs(value) <= kValueMax;
}

double least_deviation(double level) {
    return std::max(kConstantTremble * std::abs(level), kDeviationLeast);
}

} // namespace

LevelShift::LevelShift(std::size_t signals, LevelShiftSettings settings)
    : settings_(settings), signals_(signals) {
    assert(signals >= 1 && signals <= kLevelShiftSignalsMax);
    for (Signal& signal : signals_) {
        signal.deviation = kDeviationLeast;
        signal.shifts.peak = static_cast<float>(kShiftLeast);
        signal.spreads.peak = static_cast<float>(kChangeLeast);
    }
}

// Means to begin with, then Huber's steps; both weigh a value by the number that there were.
void LevelShift::follow(Signal& signal, double value) const {
    const double weight = std::max(1.0 / settings_.memory, 1.0 / (signal.values + 1.0));
    const double z = (value - signal.level) / signal.deviation;
    if (signal.values < settings_.warmup_samples / 10) {
        const double size = std::abs(value - signal.level);
        signal.level += weight * (value - signal.level);
        signal.deviation += weight * (size / kMeanSize - signal.deviation);
    } else {
        signal.level += weight * signal.deviation * std::clamp(z, -kHuber, kHuber);
        signal.deviation +=
            weight * signal.deviation * (std::min(std::abs(z), kOutlier) / kMeanSize - 1.0);
    }
    signal.deviation = std::clamp(signal.deviation, least_deviation(signal.level), kValueMax);
}

void LevelShift::judge(std::size_t index, double off, double change) {
    const Signal& signal = signals_[index];
    const double shift = signal.shifts.excess(off) / settings_.shift;
    const double spread = signal.spreads.excess(change) / settings_.spread;
    signals_[index].evidence = static_cast<float>(std::max(shift, spread));
    if (std::max(shift, spread) <= evidence_) return;
    evidence_ = std::max(shift, spread);
    is_spread_ = spread > shift;
    worst_ = index;
}

void LevelShift::look_at(std::size_t index, double value) {
    Signal& signal = signals_[index];
    if (signal.values == 0) {
        signal.level = value;
        signal.deviation = least_deviation(value);
    }
    const double z = std::clamp((value - signal.level) / signal.deviation, -kOutlier, kOutlier);
    follow(signal, value);
    signal.values = std::min(signal.values + 1, kCountMax);
    // The first deviations are too small for what they measure.
    if (signal.values < settings_.warmup_samples / 4) return;
    signal.recent += static_cast<float>(kRecent * (z - double{signal.recent}));
    signal.spread +=
        static_cast<float>(kRecent * (std::abs(z) / kMeanSize - double{signal.spread}));
    const double off = std::abs(signal.recent);
    const double spread = std::max<double>(signal.spread, kSpreadLeast);
    const double change = std::max(spread, 1.0 / spread);
    if (signal.values <= settings_.warmup_samples) {
        signal.shifts.learn(off);
        signal.spreads.learn(change);
    } else {
        judge(index, off, change);
        signal.shifts.follow(off, kFollow);
        signal.spreads.follow(change, kFollow);
    }
    signal.shifts.peak = std::max(signal.shifts.peak, static_cast<float>(kShiftLeast));
    signal.spreads.peak = std::max(signal.spreads.peak, static_cast<float>(kChangeLeast));
}

Verdict LevelShift::update(std::span<const double> sample) {
    assert(sample.size() == signals_.size());
    evidence_ = 0.0;
    for (Signal& signal : signals_) signal.evidence = 0.0F;
    for (std::size_t i = 0; i < signals_.size(); ++i)
        if (is_value(sample[i])) look_at(i, sample[i]);
    samples_ = std::min(samples_ + 1, kCountMax);
    Verdict verdict;
    verdict.is_warm = samples_ > settings_.warmup_samples;
    verdict.score = score_of(evidence_);
    verdict.transition = latch_.decide(verdict.score, settings_.threshold, settings_.hold_samples);
    return verdict;
}

Explanation LevelShift::explain() const {
    Explanation out;
    const Signal& signal = signals_[worst_];
    out.signal = worst_;
    for (const Signal& each : signals_) {
        const double reach = each.shifts.peak * each.deviation;
        out.signals.push_back({each.level - reach, each.level + reach, each.evidence});
    }
    share_out(out.signals);
    if (is_spread_) {
        out.value = signal.spread * signal.deviation;
        out.expected_low = signal.deviation / signal.spreads.peak;
        out.expected_high = signal.deviation * signal.spreads.peak;
        out.context = "recent deviation, against the usual one";
        return out;
    }
    out.value = signal.level + signal.recent * signal.deviation;
    out.expected_low = signal.level - signal.shifts.peak * signal.deviation;
    out.expected_high = signal.level + signal.shifts.peak * signal.deviation;
    out.context = "recent level, against the usual one";
    return out;
}

void LevelShift::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(signals_.size()));
    writer.u32_be(samples_);
    write_latch(writer, latch_);
    for (const Signal& signal : signals_) {
        write_f64(writer, signal.level);
        write_f64(writer, signal.deviation);
        writer.u32_be(signal.values);
        for (const float value :
             {signal.recent, signal.spread, signal.shifts.peak, signal.spreads.peak})
            write_f32(writer, value);
    }
}

Result<void> LevelShift::restore(ByteView bytes) {
    LevelShift read(signals_.size(), settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of a level shift detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector.
Result<void> LevelShift::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t count, reader.u8());
    if (version != kStateVersion || count != signals_.size()) return never_saved();
    HF_TRY(samples_, reader.u32_be());
    HF_TRY(read_latch(reader, latch_));
    if (samples_ > kCountMax) return never_saved();
    for (Signal& signal : signals_) {
        HF_TRY(read_signal(reader, signal));
    }
    return reader.empty() ? ok() : never_saved();
}

Result<void> LevelShift::read_signal(ByteReader& reader, Signal& signal) {
    HF_TRY(read_f64(reader, signal.level));
    HF_TRY(read_f64(reader, signal.deviation));
    HF_TRY(signal.values, reader.u32_be());
    HF_TRY(read_f32(reader, signal.recent));
    HF_TRY(read_f32(reader, signal.spread));
    HF_TRY(read_record(reader, signal.shifts));
    HF_TRY(read_record(reader, signal.spreads));
    const bool is_sound =
        std::abs(signal.level) <= 10.0 * kValueMax && signal.deviation >= kDeviationLeast &&
        signal.deviation <= kValueMax && signal.values <= kCountMax &&
        std::abs(double{signal.recent}) <= kOutlier && signal.spread >= 0.0F &&
        double{signal.spread} <= 2.0 * kOutlier && double{signal.shifts.peak} >= kShiftLeast &&
        double{signal.spreads.peak} >= kChangeLeast;
    return is_sound ? ok() : never_saved();
}

} // namespace holdfast::ml
