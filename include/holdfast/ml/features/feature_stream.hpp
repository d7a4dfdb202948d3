#pragma once

#include <holdfast/ml/features/rolling_window.hpp>
#include <holdfast/ml/training/table.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

// What is made of a device's samples; the numbers reach disk. Windows and lags count samples, so
// irregular data are resampled to a step before.
enum class FeatureKind : std::uint8_t {
    value = 0,      // of the signal, as it came
    lag = 1,        // the value `samples` ago
    difference = 2, // the value less the one `samples` ago
    mean = 3,       // of the newest `samples`, as are the next four
    deviation = 4,  // n - 1 in its denominator
    min = 5,        //
    max = 6,        //
    slope = 7,      // least squares, in the signal's unit a sample
    ratio = 8,      // the signal over `other`; missing where that is 0
    product = 9,    // the signal times `other`
    hour = 10,      // of the event time's day, UTC, [0, 24)
    weekday = 11,   // of the event time, UTC: 0 Monday to 6 Sunday
};

struct FeatureSpec {
    FeatureKind kind = FeatureKind::value;
    std::uint32_t signal = 0;  // place in a sample; not of hour and weekday
    std::uint32_t samples = 0; // lag, difference: 1 .. 9,999; mean .. slope: 1 .. 10,000
    std::uint32_t other = 0;   // ratio, product

    friend bool operator==(const FeatureSpec&, const FeatureSpec&) = default;
};

inline constexpr std::size_t kFeatureSpecsMax = 4096;
inline constexpr std::size_t kFeatureSignalsMax = 1024;

// Turns the samples of one device into features, one row for each sample: the one implementation
// for training and for the live stream, so that a model sees live what it was trained with, bit for
// bit. Features that look at the same samples share a window.
//
// A missing value (NaN, or one beyond 1e100) makes `value`, and what is reckoned from it alone,
// missing; windows pass over it. Before a window is full its features are those of the samples that
// are there.
//
// Bounded state: 8 to 24 bytes a sample of each window. O(features) a sample, amortised.
// Deterministic, no clock. One thread.
class FeatureStream {
public:
    // For samples of `signals` values. malformed, with the feature's place: a number out of its
    // bounds, no features, too many.
    [[nodiscard]] static Result<FeatureStream> make(std::vector<FeatureSpec> specs,
                                                    std::size_t signals);

    // One sample, in order of event time (epoch milliseconds UTC); `out` takes a value for each
    // feature. Sizes are asserted.
    void update(std::int64_t event_ms, std::span<const double> sample, std::span<double> out);
    [[nodiscard]] std::size_t features() const noexcept { return specs_.size(); }
    [[nodiscard]] std::size_t signals() const noexcept { return signals_; }

    // What was seen, not the specs: docs/format/features.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote for the same specs; then as it was.
    [[nodiscard]] Result<void> restore(ByteView bytes);

private:
    struct Window {
        std::uint32_t signal = 0;
        RollingWindow samples;
    };
    FeatureStream(std::vector<FeatureSpec> specs, std::size_t signals);
    [[nodiscard]] double feature(std::size_t at, std::int64_t event_ms,
                                 std::span<const double> sample) const;
    [[nodiscard]] Result<void> read(ByteView bytes);

    std::vector<FeatureSpec> specs_;
    std::size_t signals_ = 0;
    std::vector<Window> windows_;
    std::vector<std::size_t> window_of_; // by feature; of no meaning where it has none
};

// Features of rows that are there already, the rows of each group through a stream of its own, in
// the table's order. `times` and `groups` have one value a row. malformed: as make(), sizes.
[[nodiscard]] Result<Table> make_features(const std::vector<FeatureSpec>& specs,
                                          const Table& signals, std::span<const std::int64_t> times,
                                          std::span<const std::size_t> groups);

} // namespace holdfast::ml
