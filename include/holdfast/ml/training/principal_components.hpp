#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/training/table.hpp>

#include <span>
#include <vector>

namespace holdfast::ml {

// Principal components: the k orthogonal directions along which the rows vary most.
//
// Of the features' own units, so scale features before where units differ. Each direction points
// so that its largest weight is positive, hence the same data give the same scores everywhere.
//
// Source: Jolliffe, Principal Component Analysis, 2nd ed., sections 1.1 and 3.1; by the
// eigenvectors of the covariance (n - 1 in its denominator).
class PrincipalComponents {
public:
    // `x` is n x m; 1 <= k <= min(n - 1, m). malformed: n < 2, k out of bounds, a value missing or
    // beyond 1e100. Cost: O(n m^2 + m^3), a copy of `x`.
    [[nodiscard]] static Result<PrincipalComponents> fit(const Table& x, std::size_t k);

    // k scores of a sample of m values: sizes asserted. No allocation. Cost: O(m k).
    void scores(std::span<const double> sample, std::span<double> out) const;
    // Squared distance of a sample from the space of the k directions, from 0: what they do not
    // explain (Q, the squared prediction error). Cost: O(m k).
    [[nodiscard]] double residual(std::span<const double> sample) const;

    [[nodiscard]] std::size_t features() const noexcept { return mean_.size(); }
    [[nodiscard]] std::size_t components() const noexcept { return variances_.size(); }
    // Of the scores, falling.
    [[nodiscard]] std::span<const double> variances() const noexcept { return variances_; }
    // Summed variance of all features, kept or not: variances()[i] over it is what i explains.
    [[nodiscard]] double total_variance() const noexcept { return total_variance_; }
    // m weights of length 1. `component` < components(): asserted.
    [[nodiscard]] std::span<const double> direction(std::size_t component) const;

    // docs/format/trained.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote.
    [[nodiscard]] static Result<PrincipalComponents> restore(ByteView bytes);

private:
    PrincipalComponents() = default;
    [[nodiscard]] static Result<PrincipalComponents> read(ByteView bytes);
    [[nodiscard]] double score(std::span<const double> sample, std::size_t component) const;

    std::vector<double> mean_;
    std::vector<double> directions_; // one after the other
    std::vector<double> variances_;
    double total_variance_ = 0.0;
};

} // namespace holdfast::ml
