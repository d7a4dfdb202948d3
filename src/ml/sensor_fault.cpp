#include <holdfast/ml/sensor_fault.hpp>

#include "ml/score.hpp"
#include "ml/share_out.hpp"
#include "ml/state_io.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 1;
// No sensor gives more, and steps are kept as floats. Counts as missing.
constexpr double kValueMax = 1e37;
constexpr std::uint32_t kCountMax = 1'000'000'000;
constexpr double kStepWeight = 0.05; // of the newest: a spike stays visible for some 20 samples
constexpr std::uint8_t kChangeSamples = 200; // that a likelihood of change follows
constexpr double kChangeFirst = 0.05;        // before anything is known
constexpr double kStillPrior =
    10.0; // samples that the likelihood after a repeated value begins with
// A likelihood of 1 would make the first repeated value infinitely surprising.
constexpr double kChangeMax = 0.95;
// e^-12 is one run in 160,000: what is more likely is no fault, whatever came before.
constexpr double kSurpriseLeast = 12.0;
constexpr double kSurpriseMax = 1e6;
// Part of a run's surprise that becomes normal each sample: one alarm fades in some minutes of
// seconds.
constexpr double kFollow = 1.0 / 60.0;

bool is_value(double value) {
    return std::abs(value) <= kValueMax;
}

} // namespace

SensorFault::SensorFault(std::size_t signals, SensorFaultSettings settings)
    : settings_(settings), signals_(signals) {
    assert(signals >= 1 && signals <= kSensorFaultSignalsMax);
    for (Signal& signal : signals_) {
        signal.change.fill(static_cast<float>(kChangeFirst));
        signal.surprises.peak = static_cast<float>(kSurpriseLeast);
    }
}

void SensorFault::judge(std::size_t index, Fault fault, double excess, double limit, double was,
                        double normal) {
    const double evidence = excess / limit;
    Signal& signal = signals_[index];
    signal.evidence = std::max(signal.evidence, static_cast<float>(evidence));
    if (evidence > worst_.evidence) worst_ = {evidence, index, fault, was, normal};
}

void SensorFault::look_at_step(std::size_t index, double value) {
    Signal& signal = signals_[index];
    const double step = std::abs(value - signal.last);
    signal.step += static_cast<float>(kStepWeight * (step - double{signal.step}));
    if (is_known(signal))
        judge(index, Fault::noise, signal.steps.excess(signal.step), settings_.noise, signal.step,
              signal.steps.peak);
    signal.steps.learn(signal.step);
}

// `others_changed` is the number of the other signals whose value is a new one.
void SensorFault::look_at_run(std::size_t index, bool is_changed, std::size_t others_changed) {
    Signal& signal = signals_[index];
    const std::size_t share = others_changed * kShares / signals_.size();
    const std::size_t at = share + (signal.surprise > 0.0F ? kShares : 0);
    float& likelihood = signal.change[at];
    std::uint8_t& seen = signal.change_samples[at];
    // A signal that has never been still is as likely to change after a repeated value as before.
    if (seen == 0 && at >= kShares) likelihood = signal.change[share];
    const double surprise =
        double{signal.surprise} - std::log1p(-std::min<double>(likelihood, kChangeMax));
    signal.surprise = is_changed ? 0.0F : static_cast<float>(std::min(surprise, kSurpriseMax));
    // What a fault does is not learnt, until it has lasted for so long that it is none.
    if (signal.surprise <= signal.surprises.peak) {
        seen = std::min<std::uint8_t>(seen + 1, kChangeSamples);
        const double weight = 1.0 / (seen + (at < kShares ? 1.0 : kStillPrior));
        likelihood += static_cast<float>(weight * ((is_changed ? 1.0 : 0.0) - double{likelihood}));
    }
    if (is_known(signal)) {
        judge(index, Fault::stuck, signal.surprises.excess(signal.surprise), settings_.stuck,
              signal.surprise, signal.surprises.peak);
        signal.surprises.follow(signal.surprise, kFollow);
    } else {
        signal.surprises.learn(signal.surprise);
    }
    signal.surprises.peak = std::max(signal.surprises.peak, static_cast<float>(kSurpriseLeast));
}

void SensorFault::look_at_pause(std::size_t index) {
    Signal& signal = signals_[index];
    const auto pause =
        static_cast<double>(std::max<std::int64_t>(clock_.now_ms - signal.last_ms, 0));
    if (is_known(signal))
        judge(index, Fault::gap, signal.pauses.excess(pause), settings_.gap, pause,
              signal.pauses.peak);
    signal.pauses.learn(pause);
}

Verdict SensorFault::update(std::int64_t event_ms, std::span<const double> sample) {
    assert(sample.size() == signals_.size());
    if (samples_ == 0)
        clock_.start(event_ms);
    else if (clock_.move(event_ms)) // now was wrong, and so is every time before it
        for (Signal& signal : signals_) signal.last_ms = clock_.now_ms;
    samples_ = std::min(samples_ + 1, kCountMax);

    std::size_t changed = 0;
    const auto is_new = [&](std::size_t i) {
        return signals_[i].values > 0 && is_value(sample[i]) && sample[i] != signals_[i].last;
    };
    for (std::size_t i = 0; i < signals_.size(); ++i) changed += is_new(i) ? 1 : 0;
    worst_ = {};
    for (Signal& signal : signals_) signal.evidence = 0.0F;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        if (!is_value(sample[i])) continue;
        Signal& signal = signals_[i];
        if (signal.values > 0) {
            const bool is_changed = is_new(i);
            look_at_step(i, sample[i]);
            look_at_run(i, is_changed, changed - (is_changed ? 1 : 0));
            look_at_pause(i);
        }
        signal.last = sample[i];
        signal.last_ms = clock_.now_ms;
        signal.values = std::min(signal.values + 1, kCountMax);
    }
    Verdict verdict;
    verdict.is_warm = samples_ > settings_.warmup_samples;
    verdict.score = score_of(worst_.evidence);
    verdict.transition = latch_.decide(verdict.score, settings_.threshold, settings_.hold_samples);
    return verdict;
}

Explanation SensorFault::explain() const {
    Explanation out;
    out.signal = worst_.signal;
    // How a sensor moves is judged, no value of it.
    for (const Signal& each : signals_)
        out.signals.push_back({std::nan(""), std::nan(""), each.evidence});
    share_out(out.signals);
    out.value = worst_.was;
    out.expected_high = worst_.normal;
    switch (worst_.fault) {
        case Fault::none: out.context = "nothing beyond what was before"; break;
        case Fault::stuck: out.context = "no change: surprise in nats, at most so far"; break;
        case Fault::noise: out.context = "mean step between samples, at most so far"; break;
        case Fault::gap: out.context = "milliseconds without a value, at most so far"; break;
    }
    return out;
}

void SensorFault::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(signals_.size()));
    writer.u64_be(static_cast<std::uint64_t>(clock_.first_ms));
    writer.u64_be(static_cast<std::uint64_t>(clock_.now_ms));
    writer.u8(clock_.behind);
    writer.u32_be(samples_);
    write_latch(writer, latch_);
    for (const Signal& signal : signals_) {
        write_f64(writer, signal.last);
        writer.u64_be(static_cast<std::uint64_t>(signal.last_ms));
        writer.u32_be(signal.values);
        for (const float value : {signal.surprise, signal.step, signal.surprises.peak,
                                  signal.steps.peak, signal.pauses.peak})
            write_f32(writer, value);
        for (std::size_t i = 0; i < 2 * kShares; ++i) {
            write_f32(writer, signal.change[i]);
            writer.u8(signal.change_samples[i]);
        }
    }
}

Result<void> SensorFault::restore(ByteView bytes) {
    SensorFault read(signals_.size(), settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of a sensor fault detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector.
Result<void> SensorFault::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t count, reader.u8());
    if (version != kStateVersion || count != signals_.size()) return never_saved();
    HF_TRY(const std::uint64_t first_ms, reader.u64_be());
    HF_TRY(const std::uint64_t now_ms, reader.u64_be());
    HF_TRY(clock_.behind, reader.u8());
    clock_.first_ms = static_cast<std::int64_t>(first_ms);
    clock_.now_ms = static_cast<std::int64_t>(now_ms);
    HF_TRY(samples_, reader.u32_be());
    HF_TRY(read_latch(reader, latch_));
    if (!clock_.is_sound() || samples_ > kCountMax) return never_saved();
    for (Signal& signal : signals_) {
        HF_TRY(read_signal(reader, signal));
    }
    return reader.empty() ? ok() : never_saved();
}

Result<void> SensorFault::read_signal(ByteReader& reader, Signal& signal) {
    HF_TRY(read_f64(reader, signal.last));
    HF_TRY(const std::uint64_t last_ms, reader.u64_be());
    signal.last_ms = static_cast<std::int64_t>(last_ms);
    HF_TRY(signal.values, reader.u32_be());
    HF_TRY(read_f32(reader, signal.surprise));
    HF_TRY(read_f32(reader, signal.step));
    for (Record* record : {&signal.surprises, &signal.steps, &signal.pauses}) {
        HF_TRY(read_record(reader, *record));
    }
    bool is_sound = is_value(signal.last) && signal.values <= kCountMax &&
                    EventClock{signal.last_ms, signal.last_ms, 0}.is_sound() &&
                    signal.surprise >= 0.0F && double{signal.surprise} <= kSurpriseMax &&
                    double{signal.surprises.peak} >= kSurpriseLeast && signal.step >= 0.0F &&
                    double{signal.step} <= 4.0 * kValueMax;
    for (std::size_t i = 0; i < 2 * kShares; ++i) {
        float& likelihood = signal.change[i];
        HF_TRY(read_f32(reader, likelihood));
        HF_TRY(signal.change_samples[i], reader.u8());
        is_sound = is_sound && likelihood >= 0.0F && likelihood <= 1.0F &&
                   signal.change_samples[i] <= kChangeSamples;
    }
    return is_sound ? ok() : never_saved();
}

} // namespace holdfast::ml
