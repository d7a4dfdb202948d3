#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/verdict.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace holdfast::ml {

inline constexpr std::size_t kEwmaPcaSignalsMax = 32;

struct EwmaPcaSettings {
    std::uint32_t warmup_samples = 100; // fitted on these, taken as normal; 20 .. 10,000
    double smoothing = 0.5;             // weight of the newest sample in the moving average, (0, 1]
    double kept_variance = 0.7;         // part of the variance that the kept components explain
    double t2_factor = 20.0;            // limits: these times the largest value of the warm-up
    double q_factor = 3.0;
    std::uint32_t hold_samples =
        3;                  // samples in a row past the limit that raise, or below that clear
    double threshold = 0.5; // of the score; 0.5 is the limit itself
};

// Anomalies of several signals together: are they related as they were while all was well?
//
//   signals m, 2 <= m <= 32, each in its own unit; a sample is m values. Samples are standardised
//   by mean and deviation of the warm-up, smoothed by an exponentially weighted moving average, and
//   split by the principal components of the warm-up into what the kept k components explain and a
//   residual. T2 (Hotelling) measures the first, Q (squared prediction error) the second; each over
//   its limit, the larger ratio r, gives the score r / (1 + r).
//
// Sources: Jackson and Mudholkar, Technometrics 21(3), 1979 (T2 and Q); Roberts, Technometrics
// 1(3), 1959 (EWMA). The limits are the warm-up's own extremes times a factor, since so few samples
// say little about tails.
//
// A missing value (NaN, or beyond 1e100) stands for the signal's mean. A signal that was constant
// is given a deviation of a thousandth of its size, so that it may tremble but not move. Bounded
// state: m x warmup samples while warming up, m x m after. Deterministic, no clock. One thread.
class EwmaPca {
public:
    // `signals` in [2, 32]: asserted.
    explicit EwmaPca(std::size_t signals, EwmaPcaSettings settings = {});
    ~EwmaPca();
    EwmaPca(EwmaPca&&) noexcept;
    EwmaPca& operator=(EwmaPca&&) noexcept;

    // `sample` has one value for each signal. Cost: O(m k); no allocation after the warm-up.
    Verdict update(std::span<const double> sample);
    // Of the last update: the signal that adds most to Q, or to T2 where that is further off.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept;

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for as many signals.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace holdfast::ml
