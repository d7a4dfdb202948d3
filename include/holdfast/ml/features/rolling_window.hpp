#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/base/result.hpp>

#include <cstdint>
#include <deque>
#include <vector>

namespace holdfast::ml {

inline constexpr std::size_t kWindowSamplesMax = 10'000;

// The newest samples of one signal and what they add up to. Before there are so many, those that
// are there; missing values (NaN) are passed over but take their place in time.
//
// Running sums about a value near the window's mean, made anew from the samples once a window's
// length, so that rounding never grows: whatever came before, the sums are those of the samples
// since the last making.
//
// Bounded state: 8 bytes a sample, and up to 16 more where extremes are asked for. O(1) a sample,
// amortised. Deterministic: a restored window goes on bit for bit. One thread.
class RollingWindow {
public:
    // `samples` from 1 to kWindowSamplesMax: asserted.
    RollingWindow(std::size_t samples, bool has_extremes);

    // NaN is a missing value; what is beyond 1e100 counts as missing, too.
    void add(double value);

    // All NaN where there are not enough values: one for mean, min, max, two for the others.
    [[nodiscard]] double mean() const;
    [[nodiscard]] double deviation() const; // n - 1 in its denominator
    [[nodiscard]] double slope() const;     // least squares, in units a sample
    [[nodiscard]] double min() const;       // extremes must have been asked for: asserted
    [[nodiscard]] double max() const;
    // The value so many samples ago, 0 the newest; NaN where there was none. Below samples().
    [[nodiscard]] double ago(std::size_t count) const;
    [[nodiscard]] std::size_t samples() const noexcept { return values_.size(); }

    // docs/format/features.md.
    void save(Bytes& out) const;
    // Takes what save() wrote for as many samples; corrupt where it is not, and then as it was.
    [[nodiscard]] Result<void> restore(ByteReader& reader);

private:
    // Of the values that are there; positions count from the oldest sample, 0.
    struct Sums {
        double count = 0.0;
        double positions = 0.0;
        double squared_positions = 0.0;
        double values = 0.0; // each less the centre
        double squares = 0.0;
        double products = 0.0; // of position and value
    };
    [[nodiscard]] std::size_t place(std::size_t from_oldest) const;
    void drop_oldest();
    void sum_anew();
    void add_to_sums(double value, double position);
    void keep_extremes(double value);
    [[nodiscard]] Result<void> read(ByteReader& reader);

    std::vector<double> values_; // a ring
    std::size_t next_ = 0;       // place of the next sample
    std::size_t held_ = 0;
    double centre_ = 0.0;
    Sums sums_;
    bool has_extremes_;
    std::uint64_t added_ = 0; // samples since the ring was first begun
    std::deque<std::pair<std::uint64_t, double>> lowest_, highest_; // candidates, the best first
};

} // namespace holdfast::ml
