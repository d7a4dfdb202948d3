#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/alarm_latch.hpp>
#include <holdfast/ml/record.hpp>
#include <holdfast/ml/verdict.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

inline constexpr std::size_t kRlsSignalsMax = 32;

struct RlsSettings {
    std::uint32_t warmup_samples = 400; // taken as normal; 100 .. 10,000
    double memory = 5000.0; // samples after which what was learnt counts 1/e; 100 .. 1e6
    double smoothing = 0.1; // weight of the newest residual in the lasting one, (0, 1]
    // Where the score is 0.5: a signal's lasting or momentary residual beyond the largest so far,
    // as a part of it.
    double lasting = 0.5;
    double momentary = 4.0;
    std::uint32_t hold_samples = 60; // below the threshold, until an alarm clears
    double threshold = 0.5;
};

// Anomalies of several signals together: is each what the others say that it is?
//
// Every signal is regressed on all others by recursive least squares with exponential forgetting
// and a ridge. One matrix does for all of them: with P the inverse of the weighted sums of products
// of departures v from the mean, the residual of signal i is e_i = (P v)_i / P_ii, its variance
// 1 / P_ii over the weight of the samples. Its size in deviations is divided by the root of
// 1 + h_i, h_i the leverage of the others: where they are as they never were, nothing is known, and
// nothing is held against the signal. What counts is the residual itself and its exponentially
// weighted moving average, each against the largest so far (Record).
//
// Sources: Haykin, Adaptive Filter Theory, 4th ed. 2002, chapter 9 (the recursion); Gunnarsson,
// IEEE Transactions on Automatic Control 41(3), 1996 (the ridge, spread over samples); Cook and
// Weisberg, Residuals and Influence in Regression, 1982, chapter 2 (residuals by leverage).
//
// signals m, 2 <= m <= 32, each in its own unit. A missing value (NaN, or beyond 1e37) stands for
// what the others make of it. A sample counts as 20 deviations at most: one glitch is not learnt.
// Bounded state: 4 m^2 + 40 m bytes. O(m^2) a sample, so O(m) a signal; no allocation.
// Deterministic, no clock. One thread.
class Rls {
public:
    // `signals` in [2, 32]: asserted.
    explicit Rls(std::size_t signals, RlsSettings settings = {});

    // `sample` has one value for each signal.
    Verdict update(std::span<const double> sample);
    // Of the last update: the signal furthest beyond, and what the others made of it.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return latch_.alarmed; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for as many signals.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    using Vector = std::array<double, kRlsSignalsMax>;

    struct Signal {
        double mean = 0.0;
        double variance = 0.0;
        float lasting = 0.0F; // moving average of the residual, in deviations
        bool is_seen = false;
        // Of the last update, they are not kept: what the others made of it, and how far it may be
        // off.
        float evidence = 0.0F;
        float reach = 0.0F; // 0: not judged
        double expected = 0.0;
        Record lastings;
        Record momentaries;
    };
    [[nodiscard]] double& at(std::size_t row, std::size_t column); // column <= row
    [[nodiscard]] double at(std::size_t row, std::size_t column) const;
    void start(std::size_t index, double value);
    void fill_missing(std::span<const double> sample, Vector& v) const;
    [[nodiscard]] Vector times(const Vector& v) const;
    void judge(const Vector& v);
    void learn(const Vector& v);
    void add_ridge(std::size_t index);
    [[nodiscard]] double least_variance(std::size_t index) const;
    void reset_inverse();
    [[nodiscard]] Result<void> read_state(ByteView bytes);

    RlsSettings settings_;
    std::vector<Signal> signals_;
    std::vector<double> inverse_; // P, its lower triangle row by row
    double weight_ = 0.0;         // of all samples in P
    std::uint64_t samples_ = 0;
    AlarmLatch latch_;

    // Of the last update, for explain().
    std::size_t worst_ = 0;
    double evidence_ = 0.0;
    double value_ = 0.0;
    double expected_ = 0.0;
    double reach_ = 0.0;
};

} // namespace holdfast::ml
