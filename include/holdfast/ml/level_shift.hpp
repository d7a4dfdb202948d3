#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/alarm_latch.hpp>
#include <holdfast/ml/record.hpp>
#include <holdfast/ml/verdict.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

inline constexpr std::size_t kLevelShiftSignalsMax = 32;

struct LevelShiftSettings {
    std::uint32_t warmup_samples = 300; // values of a signal, taken as normal; 20 .. 10,000
    double memory = 5000.0;             // samples in which level and deviation follow; 100 .. 1e6
    // Where the score is 0.5: by so much the recent level is further off, or the recent deviation
    // more different, than ever; as a part of the most that there was.
    double shift = 0.5;
    double spread = 0.5;
    std::uint32_t hold_samples = 60; // below the threshold, until an alarm clears
    double threshold = 0.5;
};

// Changes of one signal's level or variance, each signal by itself: is it where it was, and does it
// vary as it did?
//
// Level and deviation are Huber's estimates of location and scale, followed by stochastic
// approximation, so neither outliers nor their size matter. In these deviations each value is z, at
// most 4 in size. The moving average of z is the recent level, that of |z| the recent deviation;
// the first is a shift from one deviation on, the second a change from half or twice on, and both
// are compared with the most that there was (Record). What lasts becomes normal.
//
// Sources: Huber, Annals of Mathematical Statistics 35(1), 1964 (the estimates); Robbins and Monro,
// Annals of Mathematical Statistics 22(3), 1951 (following them); Roberts, Technometrics 1(3), 1959
// (the average).
//
// signals m, 1 <= m <= 32, each in its own unit. A missing value (NaN, or beyond 1e37) leaves its
// signal where it was. One that is constant may tremble by a thousandth of its size. Bounded state,
// 40 bytes a signal; O(m) a sample, no allocation. Deterministic, no clock. One thread.
class LevelShift {
public:
    // `signals` in [1, 32]: asserted.
    explicit LevelShift(std::size_t signals, LevelShiftSettings settings = {});

    // `sample` has one value for each signal.
    Verdict update(std::span<const double> sample);
    // Of the last update: the signal that is furthest beyond.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return latch_.alarmed; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for as many signals.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    struct Signal {
        double level = 0.0;
        double deviation = 0.0;
        std::uint32_t values = 0; // counts up to kCountMax
        float recent = 0.0F;      // level, in deviations from the level
        float spread = 1.0F;      // deviation, in deviations
        float evidence = 0.0F;    // of the last update; it is not kept
        Record shifts;
        Record spreads;
    };
    void look_at(std::size_t index, double value);
    void follow(Signal& signal, double value) const;
    void judge(std::size_t index, double off, double change);
    [[nodiscard]] Result<void> read_state(ByteView bytes);
    [[nodiscard]] static Result<void> read_signal(ByteReader& reader, Signal& signal);

    LevelShiftSettings settings_;
    std::vector<Signal> signals_;
    std::uint32_t samples_ = 0; // counts up to kCountMax
    AlarmLatch latch_;

    // Of the last update, for explain().
    std::size_t worst_ = 0;
    double evidence_ = 0.0;
    bool is_spread_ = false;
};

} // namespace holdfast::ml
