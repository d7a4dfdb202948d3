#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/event_clock.hpp>
#include <holdfast/ml/verdict.hpp>

#include <array>
#include <cstdint>

namespace holdfast::ml {

// One set for all series. Half or twice a default moves the score on the Numenta Anomaly Benchmark
// by five points at most (docs/models.md, Figures).
struct RangeForestSettings {
    std::int64_t warmup_ms = 12 * 3'600'000LL; // no alarm before so much event time has passed
    std::uint32_t warmup_samples = 150;        // nor before so many samples
    // Evidence at which the score is 0.5: the value lies a fortieth of the range outside the bands
    // of all four contexts, or a tenth outside one.
    double limit = 0.1;
    // So many alarms of the last 3,000 samples divide the evidence by (1 + habituation x alarms).
    double habituation = 0.6;
    std::uint32_t silence_samples = 60; // after a raise; 5 hours of 5 minutes
    double threshold = 0.5;             // score that raises; half of it clears
};

// Anomalies of one signal: is the value where it was on earlier days in this part of the day?
//
// Four contexts cut the day (UTC) into 4, 8, 12 and 24 parts. Each part keeps the lowest and the
// highest value of earlier days; today does not vouch for itself. How far the value lies outside,
// over the range of all values, capped at a half, is a context's evidence; their sum e gives the
// score e / (e + limit). A part of the day with less than two earlier days is judged by the range
// of all values instead. Few alarms are worth more than many: each makes the next one dearer, and
// for silence_samples after one only a thousandth of the evidence is shown.
//
// Gaps leave days out. Bands forget a hundredth a day and the range a ten-thousandth in 5 minutes,
// so drift is followed; one value widens a range by its own width at most, so one glitch does not
// blind the detector.
//
// Source: ranges by context are the extreme-value form of the contextual anomaly of Chandola,
// Banerjee and Kumar, ACM Computing Surveys 41(3), 2009, section 2.2.2; the habituation is a leaky
// count, as in the refractory period of a neuron.
//
// Bounded state (about 1.3 KB), O(1) a sample, no allocation. Deterministic, no clock. One thread.
class RangeForest {
public:
    explicit RangeForest(RangeForestSettings settings = {}) : settings_(settings) {}

    // One sample in order of event time (epoch milliseconds UTC; EventClock says what becomes of
    // others). A value that is not finite, or beyond 1e37, is passed over and gives the score of
    // before.
    Verdict update(std::int64_t event_ms, double value);
    // Of the last update: the context that was furthest off.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return alarmed_; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote. The settings stay the caller's.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    static constexpr std::array<std::int32_t, 4> kContextBins = {4, 8, 12, 24};
    static constexpr std::size_t kBins = 4 + 8 + 12 + 24;

    // Values of one part of the day.
    struct Bin {
        float low = 0.0F; // of the earlier days
        float high = 0.0F;
        float today_low = 0.0F;
        float today_high = 0.0F;
        std::int32_t day = 0;  // of today_*, days since 1970
        std::uint8_t days = 0; // with values, today's included; counts up to kDaysMax
    };
    struct Band {
        double low = 0.0;
        double high = 0.0;
        std::uint8_t days = 0; // earlier ones, of the bin in the middle
    };
    [[nodiscard]] Band band(std::size_t context, std::size_t first, std::int32_t bin,
                            std::int32_t day) const;
    static void learn(Bin& bin, std::int32_t day, double value);
    [[nodiscard]] double outside(double low, double high, double value) const;
    [[nodiscard]] double evidence(double value);
    void learn_range(double value, std::int64_t elapsed_ms);
    [[nodiscard]] Transition decide(double shown, double score);
    [[nodiscard]] Result<void> read_state(ByteView bytes);
    [[nodiscard]] static Result<void> read_bin(ByteReader& reader, Bin& bin);

    RangeForestSettings settings_;
    std::array<Bin, kBins> bins_{}; // of all contexts, one after the other
    EventClock clock_;
    std::uint64_t samples_ = 0;
    double low_ = 0.0; // range of all values, slowly forgotten
    double high_ = 0.0;
    double alarms_ = 0.0;      // leaky count
    std::uint32_t silent_ = 0; // samples of silence that are left
    bool alarmed_ = false;

    double score_ = 0.0; // of the last sample
    double value_ = 0.0; // for explain()
    Band worst_{};
    std::size_t worst_context_ = 0;
    std::int32_t worst_minute_ = 0;
};

} // namespace holdfast::ml
