#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/verdict.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

inline constexpr std::size_t kEwmaChartSignalsMax = 32;

// One set for everything; how the SKAB benchmark answers to each is in docs/models.md, Figures.
struct EwmaChartSettings {
    std::uint32_t warmup_samples = 400; // taken as normal; 20 .. 10,000
    double smoothing = 0.1;             // weight of the newest sample in the moving average, (0, 1]
    // Control limits are widened as a random walk would: by so many deviations of the warm-up,
    // times the root of the time since, in warm-ups.
    double drift = 0.3;
    double limit = 2.0;     // mean of the two worst ratios at which the score is 0.5
    double threshold = 0.5; // of the score
};

// Anomalies of several signals together: have two of them, or one by far, left where they were?
//
//   signals m, 2 <= m <= 32, each in its own unit; a sample is m values. Each is standardised by
//   mean and deviation of the warm-up and smoothed by an exponentially weighted moving average. Its
//   ratio is the average's size over its control limit, the 99th percentile of the warm-up's own
//   averages, widened for drift. The mean r of the two largest ratios gives r / (r + limit).
//
// One noisy sensor alone does not raise, since the second worst counts, too. An alarm clears a
// fifth below where it raises. Means follow with a time constant of 10,000 samples, so a lasting
// change becomes normal. A sample counts as ten deviations at most: one glitch does not raise.
//
// Sources: Roberts, Technometrics 1(3), 1959 (EWMA chart); Psarakis and Papaleonida, Quality
// Technology and Quantitative Management 4(2), 2007 (limits from autocorrelated data itself).
//
// A missing value (NaN, or beyond 1e100) leaves its signal where it was; a signal with fewer than
// 20 values in the warm-up is not judged. A constant signal is given a deviation of a thousandth of
// its size, so that it may tremble but not move. Bounded state: m x 190 bytes, soon m x 80, and,
// for each 100 samples of warm-up, 8 more, while warming up; m x 4 doubles after. Deterministic, no
// clock. One thread.
class EwmaChart {
public:
    // `signals` in [2, 32]: asserted.
    explicit EwmaChart(std::size_t signals, EwmaChartSettings settings = {});

    // `sample` has one value for each signal. Cost: O(m); no allocation after the warm-up.
    Verdict update(std::span<const double> sample);
    // Of the last update: the signal with the largest ratio; its value is the moving average.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return alarmed_; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for as many signals.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    struct Signal {
        double mean = 0.0; // in its unit
        double scale = 0.0;
        double limit = 0.0;   // of the average's size, in scales; 0: not judged
        double average = 0.0; // moving, in scales
    };
    // What a signal's warm-up comes down to, with its Averages; all but `first` from that value on.
    struct Training {
        double first = 0.0;
        double mean = 0.0;
        double squares = 0.0; // sum, around the mean
        double average = 0.0; // moving
        std::uint32_t values = 0;
        std::uint8_t kept = 0; // highest averages, and lowest; extremes_kept() at most
    };
    // Moving averages of a signal's warm-up. All signals have theirs in one piece of memory, since
    // a hundred thousand devices may warm up at once.
    template <typename Float>
    struct Averages {
        std::span<Float> starts; // the first, in which the start still counts; until pruned
        std::span<Float> highs;  // the highest first
        std::span<Float> lows;   // the lowest first; as many
    };
    // One of the first averages that may still be among the furthest from the mean.
    struct Start {
        float average = 0.0F;
        std::uint16_t values = 0; // that were in it
        std::uint8_t signal = 0;
    };
    [[nodiscard]] bool is_fitted() const noexcept { return collected_ == settings_.warmup_samples; }
    [[nodiscard]] double start_left(std::size_t values) const;
    [[nodiscard]] std::size_t starts_kept() const;
    [[nodiscard]] std::size_t extremes_kept() const;
    // As many as there are.
    [[nodiscard]] Averages<float> averages_of(std::size_t index);
    [[nodiscard]] Averages<const float> averages_of(std::size_t index) const;
    void collect(std::span<const double> sample);
    void collect_value(std::size_t index, double value);
    void keep_extremes(std::size_t index, float average);
    void prune_starts();
    [[nodiscard]] bool may_be_furthest(const Start& start) const;
    [[nodiscard]] std::vector<Start> starts_of(std::size_t index) const; // by age
    void end_training();
    [[nodiscard]] Signal fitted(std::size_t index) const;
    [[nodiscard]] double widening() const;
    [[nodiscard]] double worst_two();
    [[nodiscard]] Transition decide(double ratio);
    void write_training(ByteWriter& writer, std::size_t index) const;
    [[nodiscard]] Result<void> read_training(ByteReader& reader, std::size_t index);
    [[nodiscard]] Result<void> read_starts(ByteReader& reader, std::size_t index);
    [[nodiscard]] Result<void> read_state(ByteView bytes);
    [[nodiscard]] Result<void> read_signal(ByteReader& reader, Signal& signal) const;

    EwmaChartSettings settings_;
    std::size_t signal_count_;
    std::uint32_t starts_kept_;      // starts_kept()
    std::vector<Signal> signals_;    // once fitted
    std::vector<Training> training_; // of each signal, until fitted, as is the next
    std::vector<float> averages_;    // starts, highs and lows of the first signal, of the next, ...
    std::vector<Start> starts_;      // those that are left, by signal and age, once pruned:
    bool is_pruned_ = false;         // then averages_ has none
    std::uint32_t collected_ = 0;
    std::uint64_t judged_ = 0; // samples since the warm-up
    bool alarmed_ = false;
    std::size_t worst_ = 0; // for explain()
};

} // namespace holdfast::ml
