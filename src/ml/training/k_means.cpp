#include <holdfast/ml/training/k_means.hpp>

#include "ml/training/fitted_state.hpp"
#include "ml/training/training_input.hpp"

#include <holdfast/ml/training/random.hpp>

#include <Eigen/Core>

#include <fmt/format.h>

#include <cassert>
#include <limits>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kClustersMax = 1024;
constexpr std::size_t kRestartsMax = 100;
constexpr std::size_t kRoundsMax = 100'000;

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Points and centres are columns here, so that a distance reads memory in order.
struct Clustering {
    MatrixXd centres;              // m x k
    std::vector<Index> cluster_of; // by row
    VectorXd squares;              // by row: squared distance to its centre
};

MatrixXd points_of(const Table& x) {
    MatrixXd out(static_cast<Index>(x.columns()), static_cast<Index>(x.rows()));
    for (std::size_t feature = 0; feature < x.columns(); ++feature)
        for (std::size_t row = 0; row < x.rows(); ++row)
            out(static_cast<Index>(feature), static_cast<Index>(row)) = x(row, feature);
    return out;
}

// The next centre is a row drawn with a probability that grows with its squared distance to the
// centres so far.
Index draw(const VectorXd& squares, Random& random) {
    double left = random.uniform() * squares.sum();
    Index last = 0;
    for (Index row = 0; row < squares.size(); ++row) {
        if (squares(row) <= 0.0) continue;
        last = row;
        left -= squares(row);
        if (left < 0.0) break;
    }
    return last;
}

Result<MatrixXd> seed_centres(const MatrixXd& points, std::size_t clusters, Random& random) {
    const auto k = static_cast<Index>(clusters);
    MatrixXd centres(points.rows(), k);
    VectorXd squares;
    for (Index made = 0; made < k; ++made) {
        const Index chosen =
            made == 0 ? static_cast<Index>(random.below(static_cast<std::size_t>(points.cols())))
                      : draw(squares, random);
        centres.col(made) = points.col(chosen);
        const VectorXd now = (points.colwise() - centres.col(made)).colwise().squaredNorm();
        squares = made == 0 ? now : VectorXd(squares.cwiseMin(now));
        if (made + 1 < k && squares.maxCoeff() <= 0.0)
            return fail(Errc::malformed,
                        fmt::format("{} distinct rows for {} clusters", made + 1, k));
    }
    return centres;
}

// Whether any row changed its centre.
bool assign(const MatrixXd& points, Clustering& to) {
    bool is_changed = false;
    for (Index row = 0; row < points.cols(); ++row) {
        Index nearest = 0;
        double least = std::numeric_limits<double>::infinity();
        for (Index cluster = 0; cluster < to.centres.cols(); ++cluster) {
            const double square = (points.col(row) - to.centres.col(cluster)).squaredNorm();
            if (square >= least) continue;
            least = square;
            nearest = cluster;
        }
        Index& cluster_of = to.cluster_of[static_cast<std::size_t>(row)];
        is_changed |= cluster_of != nearest;
        cluster_of = nearest;
        to.squares(row) = least;
    }
    return is_changed;
}

void move_centres(const MatrixXd& points, Clustering& to) {
    VectorXd counts = VectorXd::Zero(to.centres.cols());
    for (const Index cluster : to.cluster_of) counts(cluster) += 1.0;
    for (Index cluster = 0; cluster < counts.size(); ++cluster) {
        if (counts(cluster) > 0.0) continue;
        Index furthest = 0;
        to.squares.maxCoeff(&furthest);
        Index& cluster_of = to.cluster_of[static_cast<std::size_t>(furthest)];
        counts(cluster_of) -= 1.0;
        counts(cluster) += 1.0;
        cluster_of = cluster;
        to.squares(furthest) = 0.0;
    }
    to.centres.setZero();
    for (Index row = 0; row < points.cols(); ++row)
        to.centres.col(to.cluster_of[static_cast<std::size_t>(row)]) += points.col(row);
    for (Index cluster = 0; cluster < counts.size(); ++cluster)
        if (counts(cluster) > 0.0) to.centres.col(cluster) /= counts(cluster);
}

Result<void> check(const KMeansSettings& settings) {
    const auto within = [](const char* name, std::size_t value, std::size_t max) -> Result<void> {
        if (value >= 1 && value <= max) return ok();
        return fail(Errc::malformed, fmt::format("{} of {} is not from 1 to {}", name, value, max));
    };
    HF_TRY(within("clusters", settings.clusters, kClustersMax));
    HF_TRY(within("restarts", settings.restarts, kRestartsMax));
    return within("rounds_max", settings.rounds_max, kRoundsMax);
}

} // namespace

Result<KMeans> KMeans::fit(const Table& x, const KMeansSettings& settings,
                           const RunControl& control) {
    HF_TRY(check(settings));
    HF_TRY(check_features(x, Missing::refused));
    const MatrixXd points = points_of(x);
    Random random(settings.seed);
    MatrixXd best;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t restart = 0; restart < settings.restarts; ++restart) {
        Clustering now;
        HF_TRY(now.centres, seed_centres(points, settings.clusters, random));
        now.cluster_of.assign(x.rows(), -1);
        now.squares.resize(points.cols());
        for (std::size_t round = 0; round < settings.rounds_max && assign(points, now); ++round) {
            HF_TRY(control.step(static_cast<double>(restart) /
                                static_cast<double>(settings.restarts)));
            move_centres(points, now);
        }
        assign(points, now);
        if (now.squares.sum() >= least) continue;
        least = now.squares.sum();
        best = std::move(now.centres);
    }
    assert(best.allFinite()); // values are bounded
    return KMeans(x.columns(), {best.data(), best.data() + best.size()}, least);
}

KMeans::Nearest KMeans::nearest(std::span<const double> sample) const {
    assert(sample.size() == features_);
    Nearest out{0, std::numeric_limits<double>::infinity()};
    for (std::size_t cluster = 0; cluster < clusters(); ++cluster) {
        const std::span<const double> at = centre(cluster);
        double square = 0.0;
        for (std::size_t i = 0; i < features_; ++i)
            square += (sample[i] - at[i]) * (sample[i] - at[i]);
        if (square < out.squared_distance) out = {cluster, square};
    }
    return out;
}

std::span<const double> KMeans::centre(std::size_t cluster) const {
    assert(cluster < clusters());
    return std::span(centres_).subspan(cluster * features_, features_);
}

void KMeans::save(Bytes& out) const {
    StateWriter state(out, kVersion);
    state.u32(features_);
    state.u32(clusters());
    state.number(inertia_);
    state.numbers(centres_);
}

Result<KMeans> KMeans::read(ByteView bytes) {
    StateReader state(bytes);
    HF_TRY(state.version(kVersion));
    HF_TRY(const std::size_t features, state.count(kFeaturesMax));
    HF_TRY(const std::size_t clusters, state.count(kClustersMax));
    HF_TRY(const double inertia, state.number());
    if (inertia < 0.0) return StateReader::wrong();
    HF_TRY(std::vector<double> centres, state.numbers(features * clusters));
    HF_TRY(state.end());
    return KMeans(features, std::move(centres), inertia);
}

Result<KMeans> KMeans::restore(ByteView bytes) {
    Result<KMeans> out = read(bytes);
    if (!out) return fail(Errc::corrupt, "k-means: " + out.error().context);
    return out;
}

} // namespace holdfast::ml
