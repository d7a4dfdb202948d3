#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/training/table.hpp>

#include <span>
#include <vector>

namespace holdfast::ml {

// What features go through before methods that take neither gaps nor unlike units: a missing value
// becomes the feature's median, then each value (value - mean) / deviation, by the rows that it was
// fitted on. Fit it on training rows only, or test rows leak into it. A constant feature becomes 0.
// Trees need none of it.
//
// Immutable: any thread may apply.
class Preparation {
public:
    // `x` is n x m, up to 1e100 or NaN. malformed: empty, beyond 1e100, a feature that is missing
    // in every row. Cost: O(m n).
    [[nodiscard]] static Result<Preparation> fit(const Table& x);

    // In place. `sample` has a value for each feature: asserted. No allocation.
    void apply(std::span<double> sample) const;
    // The same for all rows, bit for bit.
    [[nodiscard]] Table apply(const Table& x) const;
    [[nodiscard]] std::size_t features() const noexcept { return of_feature_.size(); }

    // docs/format/trained.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote.
    [[nodiscard]] static Result<Preparation> restore(ByteView bytes);

private:
    struct OfFeature {
        double median = 0.0;
        double mean = 0.0;      // gaps filled
        double deviation = 0.0; // n in its denominator; 0: constant
    };
    Preparation() = default;
    [[nodiscard]] static Result<Preparation> read(ByteView bytes);
    [[nodiscard]] static double prepared(const OfFeature& by, double value);

    std::vector<OfFeature> of_feature_;
};

} // namespace holdfast::ml
