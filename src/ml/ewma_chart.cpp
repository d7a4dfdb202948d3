#include <holdfast/ml/ewma_chart.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 1;
// No sensor gives more; beyond, squares overflow. Counts as missing.
constexpr double kValueMax = 1e100;
constexpr double kConstantTremble = 1e-3; // deviation of a constant signal, of its size
constexpr std::size_t kValuesNeeded = 20; // in the warm-up, to judge a signal
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
    : settings_(settings), signals_(signals) {
    assert(signals >= 2 && signals <= kEwmaChartSignalsMax);
    for (Signal& signal : signals_) signal.mean = std::numeric_limits<double>::quiet_NaN();
}

// As floats, less the first value: a thousand devices warm up at once, and a large offset must not
// cost the digits that vary.
void EwmaChart::collect(std::span<const double> sample) {
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        Signal& signal = signals_[i];
        if (is_value(sample[i]) && std::isnan(signal.mean)) signal.mean = sample[i];
        const double from_first = sample[i] - signal.mean;
        const bool fits = is_value(sample[i]) &&
                          std::abs(from_first) <= double{std::numeric_limits<float>::max()};
        training_.push_back(fits ? static_cast<float>(from_first)
                                 : std::numeric_limits<float>::quiet_NaN());
    }
    if (++collected_ < settings_.warmup_samples) return;
    for (std::size_t i = 0; i < signals_.size(); ++i) fit_signal(i);
    training_ = {};
}

void EwmaChart::fit_signal(std::size_t index) {
    Signal& signal = signals_[index];
    std::vector<double> values;
    for (std::size_t at = index; at < training_.size(); at += signals_.size())
        if (!std::isnan(training_[at])) values.push_back(double{training_[at]});
    const double first = std::isnan(signal.mean) ? 0.0 : signal.mean;
    signal = {first, 1.0, 0.0, 0.0};
    if (values.size() < kValuesNeeded) return;

    double sum = 0.0;
    for (const double value : values) sum += value;
    const double mean = sum / static_cast<double>(values.size());
    double squares = 0.0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    signal.mean = first + mean;
    const double floor = kConstantTremble * std::max(std::abs(signal.mean), kConstantTremble);
    signal.scale = std::max(std::sqrt(squares / static_cast<double>(values.size() - 1)), floor);

    for (double& value : values) { // what update() will measure is smoothed too
        const double z = std::clamp((value - mean) / signal.scale, -kDeviationsMax, kDeviationsMax);
        signal.average += settings_.smoothing * (z - signal.average);
        value = std::abs(signal.average);
    }
    const auto at = static_cast<std::ptrdiff_t>(kPercentile * static_cast<double>(values.size()));
    std::nth_element(values.begin(), values.begin() + at, values.end());
    const double noise = std::sqrt(settings_.smoothing / (2.0 - settings_.smoothing));
    signal.limit = std::max(values[static_cast<std::size_t>(at)], kNormalBound * noise);
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
    assert(sample.size() == signals_.size());
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
    const Signal& signal = signals_[worst_];
    const double reach = (signal.limit + widening()) * signal.scale;
    out.signal = worst_;
    out.value = signal.mean + signal.average * signal.scale;
    out.expected_low = signal.mean - reach;
    out.expected_high = signal.mean + reach;
    out.context = fmt::format("moving average, as in the first {} samples and drift since",
                              settings_.warmup_samples);
    return out;
}

void EwmaChart::save(Bytes& out) const {
    ByteWriter writer(out);
    const auto number = [&](double value) { writer.u64_be(std::bit_cast<std::uint64_t>(value)); };
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(signals_.size()));
    writer.u8(is_fitted() ? 1 : 0);
    if (!is_fitted()) {
        writer.u32_be(collected_);
        for (const Signal& signal : signals_) number(signal.mean);
        for (const float value : training_) writer.u32_be(std::bit_cast<std::uint32_t>(value));
        return;
    }
    writer.u8(alarmed_ ? 1 : 0);
    writer.u64_be(judged_);
    for (const Signal& signal : signals_)
        for (const double value : {signal.mean, signal.scale, signal.limit, signal.average})
            number(value);
}

Result<void> EwmaChart::restore(ByteView bytes) {
    EwmaChart read(signals_.size(), settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of an EWMA chart detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector. Every number is looked at: what save() never writes must not come in.
Result<void> EwmaChart::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    const auto wrong = [] { return fail(Errc::corrupt, "a value that is never saved"); };
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t count, reader.u8());
    HF_TRY(const std::uint8_t fitted, reader.u8());
    if (version != kStateVersion || count != signals_.size() || fitted > 1) return wrong();
    if (fitted == 1) {
        HF_TRY(const std::uint8_t alarmed, reader.u8());
        if (alarmed > 1) return wrong();
        alarmed_ = alarmed != 0;
        HF_TRY(judged_, reader.u64_be());
        for (Signal& signal : signals_) {
            HF_TRY(read_signal(reader, signal));
        }
        collected_ = settings_.warmup_samples;
        return reader.empty() ? ok() : Result<void>(wrong());
    }
    HF_TRY(collected_, reader.u32_be());
    if (collected_ >= settings_.warmup_samples) return wrong();
    for (Signal& signal : signals_) {
        HF_TRY(const std::uint64_t bits, reader.u64_be());
        signal.mean = std::bit_cast<double>(bits); // NaN: no value yet
        if (!std::isnan(signal.mean) && !is_value(signal.mean)) return wrong();
    }
    for (std::size_t i = 0; i < collected_ * signals_.size(); ++i) {
        HF_TRY(const std::uint32_t bits, reader.u32_be());
        training_.push_back(std::bit_cast<float>(bits)); // NaN: was missing
        if (std::isinf(training_.back())) return wrong();
        // A difference without a value that it is measured from.
        if (!std::isnan(training_.back()) && std::isnan(signals_[i % signals_.size()].mean))
            return wrong();
    }
    return reader.empty() ? ok() : Result<void>(wrong());
}

Result<void> EwmaChart::read_signal(ByteReader& reader, Signal& signal) const {
    for (double* number : {&signal.mean, &signal.scale, &signal.limit, &signal.average}) {
        HF_TRY(const std::uint64_t bits, reader.u64_be());
        *number = std::bit_cast<double>(bits);
        if (!std::isfinite(*number)) return fail(Errc::corrupt, "a number that is none");
    }
    // A mean lies among values; ten of their deviations are no wider; averages are clamped.
    const bool is_sound =
        std::abs(signal.mean) <= 10.0 * kValueMax && signal.scale > 0.0 &&
        signal.scale <= 10.0 * kValueMax && (signal.limit == 0.0 || signal.limit >= kLimitLeast) &&
        signal.limit <= kDeviationsMax && std::abs(signal.average) <= kDeviationsMax;
    return is_sound ? ok() : Result<void>(fail(Errc::corrupt, "a value that is never saved"));
}

} // namespace holdfast::ml
