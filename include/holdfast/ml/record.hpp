#pragma once

namespace holdfast::ml {

// The largest value that a statistic of one signal has had: what is normal at most, whatever the
// statistic's distribution is. It forgets a hundred-thousandth a sample, so what happened once is
// half gone after 70,000 samples.
//
// Source: the peak-over-past form of extreme value alarms, as Siffer et al., KDD 2017, section 3,
// use it, without a fitted tail: few samples say little about tails.
struct Record {
    float peak = 0.0F; // 0: nothing seen

    // By which part of the record `value`, not negative, is beyond it: 0.1 is a tenth more; 0
    // within it, or where there is none. Learns nothing.
    [[nodiscard]] double excess(double value) const;
    // Takes a value in; one that is more than twice the record counts as twice: one glitch must
    // not make the detector blind.
    void learn(double value);
    // Takes in `part` of what is beyond the record: what lasts becomes normal.
    void follow(double value, double part);
    [[nodiscard]] bool is_sound() const; // false for what no learning can have made
};

} // namespace holdfast::ml
