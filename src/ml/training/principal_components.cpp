#include <holdfast/ml/training/principal_components.hpp>

#include "ml/training/fitted_state.hpp"
#include "ml/training/training_input.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kVersion = 1;

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

} // namespace

Result<PrincipalComponents> PrincipalComponents::fit(const Table& x, std::size_t k) {
    HF_TRY(check_features(x, Missing::refused));
    const std::size_t most = std::min(x.rows() - 1, x.columns());
    if (k == 0 || k > most)
        return fail(Errc::malformed,
                    fmt::format("{} components of {} rows of {} features: must be from 1 to {}", k,
                                x.rows(), x.columns(), most));
    const auto n = static_cast<Index>(x.rows());
    const auto m = static_cast<Index>(x.columns());
    MatrixXd centred = Eigen::Map<const MatrixXd>(x.column(0).data(), n, m);
    const VectorXd mean = centred.colwise().mean().transpose();
    centred.rowwise() -= mean.transpose();
    const MatrixXd covariance = centred.transpose() * centred / static_cast<double>(n - 1);
    assert(covariance.allFinite()); // values are bounded
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(covariance);

    PrincipalComponents out;
    out.mean_.assign(mean.data(), mean.data() + m);
    out.total_variance_ = covariance.trace();
    for (std::size_t component = 0; component < k; ++component) {
        const Index at = m - 1 - static_cast<Index>(component); // eigenvalues ascend
        VectorXd direction = eigen.eigenvectors().col(at);
        Index largest = 0;
        direction.cwiseAbs().maxCoeff(&largest);
        if (direction(largest) < 0.0) direction = -direction;
        out.directions_.insert(out.directions_.end(), direction.data(), direction.data() + m);
        out.variances_.push_back(std::max(eigen.eigenvalues()(at), 0.0));
    }
    return out;
}

std::span<const double> PrincipalComponents::direction(std::size_t component) const {
    assert(component < components());
    return std::span(directions_).subspan(component * features(), features());
}

double PrincipalComponents::score(std::span<const double> sample, std::size_t component) const {
    const std::span<const double> along = direction(component);
    double sum = 0.0;
    for (std::size_t i = 0; i < sample.size(); ++i) sum += (sample[i] - mean_[i]) * along[i];
    return sum;
}

void PrincipalComponents::scores(std::span<const double> sample, std::span<double> out) const {
    assert(sample.size() == features() && out.size() == components());
    for (std::size_t component = 0; component < out.size(); ++component)
        out[component] = score(sample, component);
}

double PrincipalComponents::residual(std::span<const double> sample) const {
    assert(sample.size() == features());
    double square = 0.0;
    for (std::size_t i = 0; i < sample.size(); ++i)
        square += (sample[i] - mean_[i]) * (sample[i] - mean_[i]);
    for (std::size_t component = 0; component < components(); ++component) {
        const double explained = score(sample, component);
        square -= explained * explained;
    }
    return std::max(square, 0.0); // rounding
}

void PrincipalComponents::save(Bytes& out) const {
    StateWriter state(out, kVersion);
    state.u32(features());
    state.u32(components());
    state.number(total_variance_);
    state.numbers(mean_);
    state.numbers(variances_);
    state.numbers(directions_);
}

Result<PrincipalComponents> PrincipalComponents::read(ByteView bytes) {
    StateReader state(bytes);
    PrincipalComponents out;
    HF_TRY(state.version(kVersion));
    HF_TRY(const std::size_t features, state.count(kFeaturesMax));
    HF_TRY(const std::size_t components, state.count(features));
    HF_TRY(out.total_variance_, state.number());
    HF_TRY(out.mean_, state.numbers(features));
    HF_TRY(out.variances_, state.numbers(components));
    HF_TRY(out.directions_, state.numbers(features * components));
    HF_TRY(state.end());
    if (out.total_variance_ < 0.0 ||
        std::ranges::any_of(out.variances_, [](double v) { return v < 0; }))
        return StateReader::wrong();
    return out;
}

Result<PrincipalComponents> PrincipalComponents::restore(ByteView bytes) {
    Result<PrincipalComponents> out = read(bytes);
    if (!out) return fail(Errc::corrupt, "principal components: " + out.error().context);
    return out;
}

} // namespace holdfast::ml
