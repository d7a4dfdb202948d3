#pragma once

#include <holdfast/base/bytes.hpp>
#include <holdfast/ml/training/run_control.hpp>
#include <holdfast/ml/training/table.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace holdfast::ml {

struct KMeansSettings {
    std::size_t clusters = 8;     // 1 .. 1024
    std::size_t restarts = 4;     // seedings, of which the best counts; 1 .. 100
    std::size_t rounds_max = 300; // of a restart; it mostly ends before, where nothing moves
    std::uint64_t seed = 1;
};

// k-means: the centres that minimise the summed squared distance of each row to the nearest.
//
// Seeded by k-means++ and improved by Lloyd's rounds until no row changes its centre. A centre that
// loses all rows takes the row that is furthest from its own. Distances are in the features' units,
// so scale features before.
//
// Sources: Lloyd, IEEE Transactions on Information Theory 28(2), 1982; Arthur and Vassilvitskii,
// k-means++, SODA 2007.
class KMeans {
public:
    // `x` is n x m. malformed: empty, missing or beyond 1e100, fewer distinct rows than clusters, a
    // setting out of bounds; closed: cancelled. Cost: O(n k m) a round and a copy of `x`.
    [[nodiscard]] static Result<KMeans> fit(const Table& x, const KMeansSettings& settings,
                                            const RunControl& control = {});

    // The nearest centre, and how far it is.
    struct Nearest {
        std::size_t cluster = 0;
        double squared_distance = 0.0;
    };
    // `sample` has a value for each feature, all finite: asserted. Cost: O(k m).
    [[nodiscard]] Nearest nearest(std::span<const double> sample) const;
    // m values, in the features' units. `cluster` < clusters(): asserted.
    [[nodiscard]] std::span<const double> centre(std::size_t cluster) const;
    [[nodiscard]] std::size_t clusters() const noexcept { return centres_.size() / features_; }
    // Summed squared distance of the training rows to their centres.
    [[nodiscard]] double inertia() const noexcept { return inertia_; }

    // docs/format/trained.md.
    void save(Bytes& out) const;
    // corrupt where the bytes are not what save() wrote.
    [[nodiscard]] static Result<KMeans> restore(ByteView bytes);

private:
    KMeans(std::size_t features, std::vector<double> centres, double inertia)
        : features_(features), centres_(std::move(centres)), inertia_(inertia) {}
    [[nodiscard]] static Result<KMeans> read(ByteView bytes);

    std::size_t features_ = 0;
    std::vector<double> centres_; // one after the other
    double inertia_ = 0.0;
};

} // namespace holdfast::ml
