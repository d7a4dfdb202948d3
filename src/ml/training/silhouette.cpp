#include "ml/training/training_input.hpp"

#include <holdfast/ml/training/metrics.hpp>
#include <holdfast/ml/training/random.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace holdfast::ml {
namespace {

constexpr std::size_t kRowsMax = 4000; // 16 million distances, a second or so

std::vector<std::size_t> drawn_rows(std::size_t rows, std::uint64_t seed) {
    std::vector<std::size_t> out(rows);
    std::iota(out.begin(), out.end(), std::size_t{0});
    if (rows <= kRowsMax) return out;
    Random(seed).shuffle(out);
    out.resize(kRowsMax);
    return out;
}

// The clusters among `rows` as 0 .. k - 1, and how many rows each has.
struct Members {
    std::vector<std::size_t> cluster_of;
    std::vector<double> counts;
};

Members members_of(std::span<const std::size_t> clusters, std::span<const std::size_t> rows) {
    Members out;
    std::vector<std::size_t> names;
    for (const std::size_t row : rows) names.push_back(clusters[row]);
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    out.counts.assign(names.size(), 0.0);
    for (const std::size_t row : rows) {
        const auto at = std::ranges::lower_bound(names, clusters[row]) - names.begin();
        out.cluster_of.push_back(static_cast<std::size_t>(at));
        out.counts[static_cast<std::size_t>(at)] += 1.0;
    }
    return out;
}

// Of a row whose summed distances to the members of each cluster are known.
double silhouette_of(const Members& members, std::size_t own, std::span<const double> sums) {
    if (members.counts[own] < 2.0) return 0.0;
    const double within = sums[own] / (members.counts[own] - 1.0);
    double next = std::numeric_limits<double>::infinity();
    for (std::size_t other = 0; other < sums.size(); ++other)
        if (other != own) next = std::min(next, sums[other] / members.counts[other]);
    const double larger = std::max(within, next);
    return larger > 0.0 ? (next - within) / larger : 0.0;
}

} // namespace

Result<double> silhouette(const Table& x, std::span<const std::size_t> clusters,
                          std::uint64_t seed) {
    HF_TRY(check_features(x, Missing::refused));
    if (clusters.size() != x.rows())
        return fail(Errc::malformed,
                    fmt::format("{} clusters for {} rows", clusters.size(), x.rows()));
    const std::vector<std::size_t> rows = drawn_rows(x.rows(), seed);
    const Members members = members_of(clusters, rows);
    if (members.counts.size() < 2)
        return fail(Errc::malformed, "a silhouette needs rows of two clusters");
    double total = 0.0;
    std::vector<double> squares(rows.size());
    std::vector<double> sums(members.counts.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        std::ranges::fill(squares, 0.0);
        for (std::size_t feature = 0; feature < x.columns(); ++feature) {
            const std::span<const double> values = x.column(feature);
            const double own = values[rows[i]];
            for (std::size_t j = 0; j < rows.size(); ++j)
                squares[j] += (values[rows[j]] - own) * (values[rows[j]] - own);
        }
        std::ranges::fill(sums, 0.0);
        for (std::size_t j = 0; j < rows.size(); ++j)
            sums[members.cluster_of[j]] += std::sqrt(squares[j]);
        total += silhouette_of(members, members.cluster_of[i], sums);
    }
    return total / static_cast<double>(rows.size());
}

} // namespace holdfast::ml
