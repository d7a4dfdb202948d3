#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>
#include <holdfast/ml/alarm_latch.hpp>
#include <holdfast/ml/event_clock.hpp>
#include <holdfast/ml/record.hpp>
#include <holdfast/ml/verdict.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

inline constexpr std::size_t kSensorFaultSignalsMax = 32;

struct SensorFaultSettings {
    std::uint32_t warmup_samples = 300; // taken as normal; 20 .. 10,000
    // Where the score is 0.5: by so much a signal's run without a change is less likely than any
    // before, its steps are larger, a pause is longer; as a part of what there was.
    double stuck = 0.2;
    double noise = 0.15;
    double gap = 4.0;
    std::uint32_t hold_samples = 60; // below the threshold, until an alarm clears
    double threshold = 0.5;
};

// Faults of sensors themselves, each signal measured by its own past: stuck, noisy, or silent?
//
//   stuck  how likely it is that a signal changes from one sample to the next, by how many of the
//          others do; a run without a change has the surprise -sum log(1 - p), so that a car that
//          stands may have a speed of 0, but not while its engine races.
//   noise  the exponentially weighted mean of the steps from sample to sample: spikes, loose
//          contacts and jumps make it large.
//   gap    the time between two values of the signal, once the next one comes.
//
// Each is compared with the largest of its kind so far (Record); the furthest beyond, over its
// limit above, is the evidence e, and e / (e + 1) the score. What lasts becomes normal.
//
// Sources: Ni et al., ACM Transactions on Sensor Networks 5(3), 2009, section 4 (stuck-at, noise
// and spike faults of sensors); surprise is Shannon's self-information.
//
// signals m, 1 <= m <= 32, each in its own unit. A missing value (NaN, or beyond 1e37) leaves its
// signal where it was. Bounded state, 104 bytes a signal; O(m) a sample, no allocation.
// Deterministic, no clock. One thread.
class SensorFault {
public:
    // `signals` in [1, 32]: asserted.
    explicit SensorFault(std::size_t signals, SensorFaultSettings settings = {});

    // `sample` has one value for each signal; its event time is in epoch milliseconds UTC.
    Verdict update(std::int64_t event_ms, std::span<const double> sample);
    // Of the last update: the signal that is furthest beyond.
    [[nodiscard]] Explanation explain() const;
    [[nodiscard]] bool is_alarmed() const noexcept { return latch_.alarmed; }

    // Everything learnt, docs/format/models.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for as many signals.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    static constexpr std::size_t kShares = 4; // of the others that changed, none to all

    struct Signal {
        double last = 0.0;        // value
        std::int64_t last_ms = 0; // its event time
        std::uint32_t values = 0; // seen, counts up to kCountMax
        float surprise = 0.0F;    // of the run without a change, in nats
        float step = 0.0F;        // exponentially weighted mean
        float evidence = 0.0F;    // of the last update; it is not kept
        Record surprises;
        Record steps;
        Record pauses; // in ms
        // Likelihood of a change, by the share of the others that changed: after a change, then
        // after none.
        std::array<float, 2 * kShares> change{};
        std::array<std::uint8_t, 2 * kShares> change_samples{};
    };
    enum class Fault : std::uint8_t { none, stuck, noise, gap };
    struct Worst {
        double evidence = 0.0;
        std::size_t signal = 0;
        Fault fault = Fault::none;
        double was = 0.0;    // the statistic, in the unit that explain() uses
        double normal = 0.0; // the most that it was before
    };
    [[nodiscard]] bool is_known(const Signal& signal) const noexcept {
        return signal.values >= settings_.warmup_samples;
    }
    void look_at_step(std::size_t index, double value);
    void look_at_run(std::size_t index, bool is_changed, std::size_t others_changed);
    void look_at_pause(std::size_t index);
    void judge(std::size_t index, Fault fault, double excess, double limit, double was,
               double normal);
    [[nodiscard]] Result<void> read_state(ByteView bytes);
    [[nodiscard]] static Result<void> read_signal(ByteReader& reader, Signal& signal);

    SensorFaultSettings settings_;
    std::vector<Signal> signals_;
    EventClock clock_;
    std::uint32_t samples_ = 0; // counts up to kCountMax
    AlarmLatch latch_;
    Worst worst_; // for explain()
};

} // namespace holdfast::ml
