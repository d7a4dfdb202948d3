#include <holdfast/ml/rls.hpp>

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
// Sums of products of four such values stay finite. Counts as missing.
constexpr double kValueMax = 1e37;
// Ridge, as a part of a signal's variance: two signals that are one share what they explain.
constexpr double kRidge = 0.01;
constexpr double kConstantTremble = 1e-3; // deviation of a constant signal, of its size
constexpr double kVarianceLeast = 1e-60;  // of a signal that was 0 and nothing else
constexpr double kVarianceMax = 1e78;     // twenty deviations of kValueMax do not pass it
constexpr double kLearntMax = 20.0;       // deviations of one sample
constexpr double kResidualMax = 8.0;      // deviations of one sample in the lasting residual
// Means of a few samples and of thousands are followed alike.
constexpr double kFirstWeight = 10.0;
// Residuals of the first samples say more about the start than about the signals.
constexpr std::uint64_t kSettledSamples = 100;

bool is_value(double value) {
    return std::abs(value) <= kValueMax;
}

std::size_t row_start(std::size_t row) {
    return row * (row + 1) / 2;
}

} // namespace

Rls::Rls(std::size_t signals, RlsSettings settings)
    : settings_(settings), signals_(signals), inverse_(row_start(signals)) {
    assert(signals >= 2 && signals <= kRlsSignalsMax);
    for (std::size_t i = 0; i < signals; ++i) start(i, 0.0);
    for (Signal& signal : signals_) signal.is_seen = false;
}

double& Rls::at(std::size_t row, std::size_t column) {
    return inverse_[row_start(row) + column];
}
double Rls::at(std::size_t row, std::size_t column) const {
    return inverse_[row_start(row) + column];
}

double Rls::least_variance(std::size_t index) const {
    const double tremble = kConstantTremble * signals_[index].mean;
    return std::max(tremble * tremble, kVarianceLeast);
}

// From its first value on a signal is related to nothing, until samples say otherwise.
void Rls::start(std::size_t index, double value) {
    Signal& signal = signals_[index];
    signal.mean = value;
    signal.is_seen = true;
    signal.variance = least_variance(index);
    for (std::size_t i = 0; i < signals_.size(); ++i)
        at(std::max(i, index), std::min(i, index)) = 0.0;
    at(index, index) = 1.0 / (kFirstWeight * signal.variance);
}

void Rls::reset_inverse() {
    std::ranges::fill(inverse_, 0.0);
    for (std::size_t i = 0; i < signals_.size(); ++i)
        at(i, i) = 1.0 / (kFirstWeight * signals_[i].variance);
    weight_ = kFirstWeight;
}

// Departures from the means. What is missing is set, one after the other, to what makes its own
// residual nothing.
void Rls::fill_missing(std::span<const double> sample, Vector& v) const {
    const auto is_missing = [&](std::size_t i) {
        return !is_value(sample[i]) || !signals_[i].is_seen;
    };
    for (std::size_t i = 0; i < signals_.size(); ++i)
        v[i] = is_missing(i) ? 0.0 : sample[i] - signals_[i].mean;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        if (!is_missing(i)) continue;
        double sum = 0.0;
        for (std::size_t j = 0; j < signals_.size(); ++j)
            if (j != i) sum += at(std::max(i, j), std::min(i, j)) * v[j];
        const double likely = -sum / at(i, i);
        v[i] = is_value(likely) ? likely : 0.0;
    }
}

Rls::Vector Rls::times(const Vector& v) const {
    Vector out{};
    const double* p = inverse_.data();
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j < i; ++j, ++p) {
            sum += *p * v[j];
            out[j] += *p * v[i];
        }
        out[i] += sum + *p++ * v[i];
    }
    return out;
}

void Rls::judge(const Vector& v) {
    const Vector w = times(v);
    double length = 0.0; // v' P v, the leverage of the whole sample
    for (std::size_t i = 0; i < signals_.size(); ++i) length += v[i] * w[i];
    evidence_ = 0.0;
    const bool is_settled = samples_ >= kSettledSamples;
    const bool is_warm = samples_ >= settings_.warmup_samples;
    double worst = -1.0;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        Signal& signal = signals_[i];
        signal.evidence = signal.reach = 0.0F;
        if (!signal.is_seen) continue;
        const double residual = w[i] / at(i, i);
        const double leverage = std::max(length - residual * w[i], 0.0); // of the others
        const double deviation = std::sqrt((1.0 + leverage) / (at(i, i) * weight_));
        const double size = std::clamp(residual / deviation, -kValueMax, kValueMax);
        if (!is_settled) continue;
        const double step = std::clamp(size, -kResidualMax, kResidualMax) - signal.lasting;
        signal.lasting += static_cast<float>(settings_.smoothing * step);
        const double lasting = std::abs(signal.lasting);
        if (is_warm) {
            const double long_part = signal.lastings.excess(lasting) / settings_.lasting;
            const double short_part =
                signal.momentaries.excess(std::abs(size)) / settings_.momentary;
            const double evidence = std::max(long_part, short_part);
            const bool is_long = long_part >= short_part;
            signal.evidence = static_cast<float>(evidence);
            signal.expected = signal.mean + v[i] - residual;
            signal.reach = static_cast<float>(
                (is_long ? signal.lastings.peak : signal.momentaries.peak) * deviation);
            if (evidence > worst) {
                worst = evidence_ = evidence;
                worst_ = i;
                value_ = signal.mean + v[i];
                expected_ = value_ - residual;
                reach_ = (is_long ? signal.lastings.peak : signal.momentaries.peak) * deviation;
            }
        }
        signal.lastings.learn(lasting);
        signal.momentaries.learn(std::abs(size));
    }
}

// P of the sums of products S: (S lambda + v v')^-1 by Sherman and Morrison.
void Rls::learn(const Vector& departures) {
    const double lambda = 1.0 - 1.0 / settings_.memory;
    const double weight = std::max(1.0 - lambda, 1.0 / static_cast<double>(samples_ + 2));
    Vector v = departures;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        Signal& signal = signals_[i];
        // A signal that has been constant has no deviation to go by: its first departure counts as
        // its size at most, and in full where it has none.
        const bool is_constant = signal.variance <= least_variance(i) * (1.0 + kConstantTremble);
        const double most = is_constant && signal.mean == 0.0 ? kValueMax
                            : is_constant                     ? std::abs(signal.mean)
                                          : kLearntMax * std::sqrt(signal.variance);
        v[i] = std::clamp(v[i], -most, most);
        const double square = v[i] * v[i];
        signal.mean += weight * v[i];
        signal.variance += weight * (square - signal.variance);
        signal.variance = std::clamp(signal.variance, least_variance(i), kVarianceMax);
    }
    const Vector w = times(v);
    double length = 0.0;
    for (std::size_t i = 0; i < signals_.size(); ++i) length += v[i] * w[i];
    const double gain = 1.0 / (lambda + std::max(length, 0.0));
    double* p = inverse_.data();
    for (std::size_t i = 0; i < signals_.size(); ++i)
        for (std::size_t j = 0; j <= i; ++j, ++p) *p = (*p - gain * w[i] * w[j]) / lambda;
    weight_ = lambda * weight_ + 1.0;
}

// Each sample one signal gets, in turn, the ridge of as many samples as there are signals.
void Rls::add_ridge(std::size_t index) {
    Vector column{};
    for (std::size_t i = 0; i < signals_.size(); ++i)
        column[i] = at(std::max(i, index), std::min(i, index));
    const double ridge = kRidge * signals_[index].variance * static_cast<double>(signals_.size());
    const double gain = ridge / (1.0 + ridge * column[index]);
    double* p = inverse_.data();
    for (std::size_t i = 0; i < signals_.size(); ++i)
        for (std::size_t j = 0; j <= i; ++j, ++p) *p -= gain * column[i] * column[j];
}

Verdict Rls::update(std::span<const double> sample) {
    assert(sample.size() == signals_.size());
    for (std::size_t i = 0; i < signals_.size(); ++i)
        if (!signals_[i].is_seen && is_value(sample[i])) start(i, sample[i]);
    if (samples_ == 0) weight_ = kFirstWeight;
    Vector v{};
    fill_missing(sample, v);
    judge(v);
    learn(v);
    add_ridge(static_cast<std::size_t>(samples_ % signals_.size()));
    ++samples_;
    // Rounding may cost the inverse its sign; then what was learnt is worth nothing.
    for (std::size_t i = 0; i < signals_.size(); ++i)
        if (!(at(i, i) > 0.0 && std::isfinite(at(i, i)))) {
            reset_inverse();
            break;
        }
    Verdict verdict;
    verdict.is_warm = samples_ > settings_.warmup_samples;
    verdict.score = score_of(evidence_);
    verdict.transition = latch_.decide(verdict.score, settings_.threshold, settings_.hold_samples);
    return verdict;
}

Explanation Rls::explain() const {
    Explanation out;
    out.signal = worst_;
    for (const Signal& each : signals_) {
        const bool is_known = each.reach > 0.0F;
        const double reach = is_known ? each.reach : std::nan("");
        out.signals.push_back(
            {each.expected - reach, each.expected + reach, std::max(each.evidence, 0.0F)});
    }
    share_out(out.signals);
    out.value = value_;
    out.expected_low = expected_ - reach_;
    out.expected_high = expected_ + reach_;
    out.context = "as the other signals have it";
    return out;
}

void Rls::save(Bytes& out) const {
    ByteWriter writer(out);
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(signals_.size()));
    writer.u64_be(samples_);
    write_f64(writer, weight_);
    write_latch(writer, latch_);
    for (const Signal& signal : signals_) {
        writer.u8(signal.is_seen ? 1 : 0);
        write_f64(writer, signal.mean);
        write_f64(writer, signal.variance);
        for (const float value : {signal.lasting, signal.lastings.peak, signal.momentaries.peak})
            write_f32(writer, value);
    }
    for (const double value : inverse_) write_f64(writer, value);
}

Result<void> Rls::restore(ByteView bytes) {
    Rls read(signals_.size(), settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of an RLS detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector.
Result<void> Rls::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t count, reader.u8());
    if (version != kStateVersion || count != signals_.size()) return never_saved();
    HF_TRY(samples_, reader.u64_be());
    HF_TRY(read_f64(reader, weight_));
    HF_TRY(read_latch(reader, latch_));
    if (weight_ < 0.0) return never_saved();
    for (std::size_t i = 0; i < signals_.size(); ++i) {
        Signal& signal = signals_[i];
        HF_TRY(const std::uint8_t seen, reader.u8());
        signal.is_seen = seen != 0;
        HF_TRY(read_f64(reader, signal.mean));
        HF_TRY(read_f64(reader, signal.variance));
        HF_TRY(read_f32(reader, signal.lasting));
        HF_TRY(read_record(reader, signal.lastings));
        HF_TRY(read_record(reader, signal.momentaries));
        const bool is_sound = seen <= 1 && std::abs(signal.mean) <= 100.0 * kValueMax &&
                              signal.variance >= kVarianceLeast &&
                              signal.variance <= kVarianceMax &&
                              std::abs(double{signal.lasting}) <= kResidualMax;
        if (!is_sound) return never_saved();
    }
    for (double& value : inverse_) {
        HF_TRY(read_f64(reader, value));
    }
    for (std::size_t i = 0; i < signals_.size(); ++i)
        if (!(at(i, i) > 0.0)) return never_saved();
    return reader.empty() ? ok() : never_saved();
}

} // namespace holdfast::ml
