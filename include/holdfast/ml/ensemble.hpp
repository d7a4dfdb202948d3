#pragma once

#include <holdfast/ml/ewma_chart.hpp>
#include <holdfast/ml/rls.hpp>
#include <holdfast/ml/sensor_fault.hpp>

#include <array>

namespace holdfast::ml {

inline constexpr std::size_t kEnsembleSignalsMax = 32;
static_assert(kEnsembleSignalsMax <= kEwmaChartSignalsMax);
static_assert(kEnsembleSignalsMax <= kRlsSignalsMax);
static_assert(kEnsembleSignalsMax <= kSensorFaultSignalsMax);

struct EnsembleSettings {
    // A little wider than where the chart works alone: three ask for attention.
    EwmaChartSettings chart{.limit = 2.3};
    RlsSettings rls;
    SensorFaultSettings fault;
    // A member that has been alarmed for most of about so many samples is not heard, until it has
    // been quiet for as long again: what never ends is how things are.
    double patience_samples = 1000.0;
    double threshold = 0.5; // of the score
};

// Anomalies of several signals together, of any kind: have they left where they were (EwmaChart),
// do they contradict each other (Rls), is a sensor itself at fault (SensorFault)?
//
// Every member's score is 0.5 where it would raise, so the largest of those that are heard is the
// ensemble's. There is one alarm, from the first member that raises to the last that clears; a
// member that is alarmed all the time loses its voice, so that it neither holds the alarm for ever
// nor hides the others.
//
// signals m, 2 <= m <= 32; a missing value (NaN) is what each member makes of it. Bounded state,
// the sum of the members'. O(m^2) a sample. Deterministic, no clock. One thread.
class Ensemble {
public:
    // `signals` in [2, 32]: asserted.
    explicit Ensemble(std::size_t signals, EnsembleSettings settings = {});

    // `sample` has one value for each signal; its event time is in epoch milliseconds UTC.
    Verdict update(std::int64_t event_ms, std::span<const double> sample);
    // Of the last update: that of the member with the largest score, which its context names.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return alarmed_; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for as many signals.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    static constexpr std::size_t kMembers = 3; // chart, rls, fault

    // How much a member has been alarmed of late.
    struct Voice {
        float share = 0.0F; // of samples, forgetting
        bool muted = false;
    };
    void listen(std::size_t member, const Verdict& verdict, bool is_alarmed);
    [[nodiscard]] Result<void> read_state(ByteView bytes);

    double patience_samples_; // the members have their own settings
    EwmaChart chart_;
    Rls rls_;
    SensorFault fault_;
    std::array<Voice, kMembers> voices_{};
    bool alarmed_ = false;

    // Of the last update.
    double score_ = 0.0;
    std::size_t loudest_ = 0;
    bool is_any_alarmed_ = false;
    bool is_warm_ = false;
};

} // namespace holdfast::ml
