#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/event_clock.hpp>
#include <holdfast/ml/verdict.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace holdfast::ml {

// One set for all series; the defaults were chosen over the series of the Numenta Anomaly
// Benchmark together (`detect nab --kind seasonal_range` of bench prints how they do).
struct SeasonalRangeSettings {
    std::int64_t warmup_ms = 60 * 3'600'000LL; // no alarm before so much event time has passed
    std::uint32_t warmup_samples = 200;        // nor before so many samples
    double slack = 0.06;     // of the global range: so far outside a band costs nothing
    double debt_decay = 0.8; // of the debt that stays from one sample to the next
    double debt_limit = 0.4; // debt, in global ranges, at which the score is 0.5
    double threshold = 0.5;  // score that raises an alarm; half of it clears
    std::int64_t silence_ms = 72 * 3'600'000LL; // after an alarm: none is raised
};

// Anomalies of one signal with a daily rhythm: is the value where it was on earlier days at this
// time?
//
// For several widths of time of day (5 minutes to a whole day) the detector keeps the lowest and
// highest value of each of the last kDays days that had samples. A value's distance outside the
// band of a width, over the range of all values so far (or, after a constant signal, over itself or
// a hundredth of the value), less a slack, is what it owes; the mean over the widths adds to a
// leaking debt, and the debt makes the score. So a single outlier must be far out, while a small
// but lasting departure adds up. After an alarm follows silence, in which the bands learn what
// came. Gaps leave days out, drift moves the bands, and a signal without any daily rhythm is judged
// by the whole-day band.
//
// Bounded state (about 120 KB in memory); one update looks at one bucket for each width.
// Deterministic: no clock, no randomness. One thread.
class SeasonalRange {
public:
    explicit SeasonalRange(SeasonalRangeSettings settings = {});

    // One sample in order of event time (epoch milliseconds UTC; EventClock says what becomes of
    // others).
    // A value that is not finite, or beyond 1e37, is passed over and gives the score of before.
    Verdict update(std::int64_t event_ms, double value);
    // Of the last update.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return alarmed_; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote. The settings stay the caller's.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    static constexpr std::size_t kDays = 7;
    static constexpr std::array<std::int32_t, 4> kWidthsMinutes = {5, 30, 120, 1440};

    // Values of one time of day on the latest days that had any: a ring.
    struct Bucket {
        std::array<float, kDays> low{};
        std::array<float, kDays> high{};
        std::int32_t day = -1;   // of the newest entry, days since 1970
        std::uint8_t newest = 0; // its place in the ring
        std::uint8_t days = 0;   // entries in use
    };
    struct Band {
        double low = 0.0;
        double high = 0.0;
        bool is_known = false;
    };
    [[nodiscard]] static std::size_t first_bucket(std::size_t width);
    [[nodiscard]] Band band(std::size_t width, std::int32_t day, std::size_t bucket) const;
    void learn(Bucket& bucket, std::int32_t day, double value);
    [[nodiscard]] double range_for(double value) const;
    [[nodiscard]] double owed(std::int32_t day, std::int32_t minute, double value);
    [[nodiscard]] Transition decide(std::int64_t event_ms, double score);
    [[nodiscard]] Result<void> read_state(ByteView bytes);
    [[nodiscard]] static Result<void> read_bucket(ByteReader& reader, Bucket& bucket);

    SeasonalRangeSettings settings_;
    std::vector<Bucket> buckets_; // of all widths, one after the other
    EventClock clock_;
    std::int64_t silent_until_ms_ = 0;
    std::uint64_t samples_ = 0;
    double global_low_ = 0.0;
    double global_high_ = 0.0;
    double debt_ = 0.0;
    bool alarmed_ = false;

    double last_value_ = 0.0; // for explain()
    Band worst_band_{};
    std::size_t worst_width_ = 0;
    std::int32_t last_minute_ = 0;
};

} // namespace holdfast::ml
