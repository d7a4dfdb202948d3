#pragma once

#include <holdfast/base/bytes.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace holdfast::pipeline {

// What lies outside a signal's limits.
struct Limits {
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
};

enum class Missing : std::uint8_t {
    keep, // a missing value stays missing
    drop, // a sample that misses one is left out
    last, // it takes the signal's last value, where there was one
};

struct CleansingSettings {
    std::int64_t step_ms = 0;   // > 0: the samples of a step become one, their mean; 0: as they are
    std::vector<Limits> limits; // one for each signal
    bool is_clipped = false;    // what is outside is held to the limits, else it is missing
    Missing missing = Missing::keep;
};

// Cleans the samples of one device, one after the other, for training as for the live stream: first
// limits, then the step, then what is missing.
//
// A sample of a step comes out when the first one of a later step goes in, with the newest event
// time in it; a step without samples gives none, and one of an earlier step counts for the
// current. NaN is a missing value, and every other value must be finite or is taken as missing.
// Bounded state: 24 bytes a signal. O(signals) a sample. Deterministic, no clock. One thread.
class Cleansing {
public:
    // `settings` outlives it.
    explicit Cleansing(const CleansingSettings& settings);

    // The event time (epoch milliseconds) of the sample that came out into `out`; nothing where
    // none did. Both spans have a value for each signal: asserted.
    [[nodiscard]] std::optional<std::int64_t> update(std::int64_t event_ms,
                                                     std::span<const double> sample,
                                                     std::span<double> out);

    // What was seen, not the settings: docs/format/features.md.
    void save(Bytes& out) const;
    // Reads what save() wrote for as many signals. corrupt; then it is not to be used any more.
    [[nodiscard]] Result<void> restore(ByteReader& reader);

private:
    struct Mean {
        double sum = 0.0;
        double count = 0.0;
    };
    [[nodiscard]] double limited(std::size_t signal, double value) const;
    [[nodiscard]] std::optional<std::int64_t> step(std::int64_t event_ms, std::span<double> values);
    [[nodiscard]] bool fill(std::span<double> values);

    const CleansingSettings& settings_;
    std::vector<Mean> means_;  // of the current step
    std::vector<double> last_; // values that came out
    std::optional<std::int64_t> step_;
    std::int64_t newest_ms_ = 0;
};

} // namespace holdfast::pipeline
