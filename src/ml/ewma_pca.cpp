#include <holdfast/ml/ewma_pca.hpp>

#include "ml/share_out.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace holdfast::ml {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr double kConstantTremble = 1e-3; // deviation of a constant signal, of its size
constexpr double kVarianceFloor = 1e-6;   // of a component, in standardised units
// No sensor gives more; beyond, squares overflow and a state would not read back. Counts as
// missing.
constexpr double kValueMax = 1e100;
constexpr double kDeviationsMax = 1e6; // of a standardised sample: far out is far out

Error never_saved() {
    return fail(Errc::corrupt, "a value that is never saved");
}

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

} // namespace

class EwmaPca::Impl {
public:
    Impl(std::size_t signals, EwmaPcaSettings settings)
        : settings_(settings), m_(static_cast<Index>(signals)) {
        assert(signals >= 2 && signals <= kEwmaPcaSignalsMax);
        training_.resize(static_cast<Index>(settings.warmup_samples), m_);
    }

    Verdict update(std::span<const double> sample);
    Explanation explain() const;
    void save(Bytes& out) const;
    Result<void> restore(ByteView bytes);

    bool alarmed_ = false;

private:
    struct Distance {
        double t2 = 0.0;
        double q = 0.0;
    };
    Result<void> read_state(ByteView bytes);
    Result<void> read_fitted(ByteReader& reader);
    void fit();
    void smooth(const VectorXd& z);
    Distance measure();
    Transition decide(bool is_past);

    EwmaPcaSettings settings_;
    Index m_;
    MatrixXd training_; // warm-up samples, one a row; empty once fitted
    Index collected_ = 0;
    bool is_fitted_ = false;

    VectorXd mean_, scale_; // m, in the signals' units
    MatrixXd components_;   // m x k, orthonormal columns
    VectorXd variances_;    // k, of the smoothed standardised warm-up
    double t2_limit_ = 0.0;
    double q_limit_ = 0.0;
    VectorXd smoothed_; // m, moving average of standardised samples
    bool has_smoothed_ = false;
    std::uint32_t streak_ = 0; // samples in a row that speak for a change of the alarm

    VectorXd kept_, residual_; // of the last sample: k and m
    VectorXd last_;            // m, as it came
    Distance distance_;
};

void EwmaPca::Impl::smooth(const VectorXd& z) {
    if (!has_smoothed_) {
        smoothed_ = z;
        has_smoothed_ = true;
        return;
    }
    smoothed_ += settings_.smoothing * (z - smoothed_);
}

EwmaPca::Impl::Distance EwmaPca::Impl::measure() {
    kept_.noalias() = components_.transpose() * smoothed_;
    residual_ = smoothed_;
    residual_.noalias() -= components_ * kept_;
    return {(kept_.array().square() / variances_.array()).sum(), residual_.squaredNorm()};
}

// Mean, deviation, components and limits from the warm-up.
void EwmaPca::Impl::fit() {
    const auto n = static_cast<double>(training_.rows());
    mean_ = VectorXd::Zero(m_);
    for (Index signal = 0; signal < m_; ++signal) {
        double sum = 0.0;
        double count = 0.0;
        for (Index row = 0; row < training_.rows(); ++row) {
            if (!std::isfinite(training_(row, signal))) continue;
            sum += training_(row, signal);
            count += 1.0;
        }
        mean_(signal) = count > 0.0 ? sum / count : 0.0;
        for (Index row = 0; row < training_.rows(); ++row)
            if (!std::isfinite(training_(row, signal))) training_(row, signal) = mean_(signal);
    }
    MatrixXd z = training_.rowwise() - mean_.transpose();
    scale_ = (z.colwise().squaredNorm().transpose() / (n - 1.0)).cwiseSqrt();
    for (Index signal = 0; signal < m_; ++signal) {
        const double floor = kConstantTremble * std::max(std::abs(mean_(signal)), kConstantTremble);
        scale_(signal) = std::max(scale_(signal), floor);
    }
    z = z * scale_.cwiseInverse().asDiagonal();
    for (Index row = 0; row < z.rows(); ++row) { // what update() will measure is smoothed too
        smooth(z.row(row).transpose());
        z.row(row) = smoothed_.transpose();
    }
    const MatrixXd covariance = z.transpose() * z / (n - 1.0);
    const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(covariance);
    const double total = std::max(eigen.eigenvalues().sum(), kVarianceFloor);
    Index k = 0;
    for (double kept = 0.0; k < m_ - 1 && kept < settings_.kept_variance * total; ++k)
        kept += eigen.eigenvalues()(m_ - 1 - k); // eigenvalues ascend
    k = std::max<Index>(k, 1);
    components_ = eigen.eigenvectors().rightCols(k);
    variances_ = eigen.eigenvalues().tail(k).cwiseMax(kVarianceFloor);

    t2_limit_ = q_limit_ = kVarianceFloor;
    for (Index row = 0; row < z.rows(); ++row) {
        smoothed_ = z.row(row).transpose();
        const Distance distance = measure();
        t2_limit_ = std::max(t2_limit_, settings_.t2_factor * distance.t2);
        q_limit_ = std::max(q_limit_, settings_.q_factor * distance.q);
    }
    training_.resize(0, 0);
    is_fitted_ = true;
}

Verdict EwmaPca::Impl::update(std::span<const double> sample) {
    assert(static_cast<Index>(sample.size()) == m_);
    last_ = Eigen::Map<const VectorXd>(sample.data(), m_);
    for (Index i = 0; i < m_; ++i)
        if (!(std::abs(last_(i)) <= kValueMax)) last_(i) = std::nan("");
    Verdict verdict;
    if (!is_fitted_) {
        training_.row(collected_++) = last_.transpose();
        if (collected_ == training_.rows()) fit();
        return verdict;
    }
    verdict.is_warm = true;
    VectorXd z = (last_ - mean_).cwiseQuotient(scale_);
    for (Index i = 0; i < m_; ++i)
        z(i) = std::isnan(z(i)) ? 0.0 : std::clamp(z(i), -kDeviationsMax, kDeviationsMax);
    smooth(z);
    distance_ = measure();
    const double ratio = std::max(distance_.t2 / t2_limit_, distance_.q / q_limit_);
    verdict.score = std::isfinite(ratio) ? ratio / (1.0 + ratio) : 1.0;
    verdict.transition = decide(verdict.score >= settings_.threshold);
    return verdict;
}

Transition EwmaPca::Impl::decide(bool is_past) {
    streak_ = is_past != alarmed_ ? streak_ + 1 : 0;
    if (streak_ < settings_.hold_samples) return Transition::none;
    streak_ = 0;
    alarmed_ = !alarmed_;
    return alarmed_ ? Transition::raised : Transition::cleared;
}

Explanation EwmaPca::Impl::explain() const {
    Explanation out;
    if (!is_fitted_ || last_.size() != m_) return out;
    const bool by_residual = distance_.q / q_limit_ >= distance_.t2 / t2_limit_;
    const VectorXd share = by_residual ? residual_ : VectorXd(components_ * kept_);
    Index worst = 0;
    share.cwiseAbs().maxCoeff(&worst);
    // Where the signal should stand, given the others: what the residual says is missing.
    for (Index i = 0; i < m_; ++i) {
        const double expected = mean_(i) + (smoothed_(i) - share(i)) * scale_(i);
        out.signals.push_back({expected - 3.0 * scale_(i), expected + 3.0 * scale_(i),
                               share(i) * share(i)}); // both distances are sums of squares
    }
    out.signal = static_cast<std::size_t>(worst);
    out.value = last_(worst);
    out.expected_low = out.signals[out.signal].expected_low;
    out.expected_high = out.signals[out.signal].expected_high;
    share_out(out.signals);
    out.context = by_residual ? "its relation to the other signals" : "its range while warming up";
    return out;
}

void EwmaPca::Impl::save(Bytes& out) const {
    ByteWriter writer(out);
    const auto number = [&](double value) { writer.u64_be(std::bit_cast<std::uint64_t>(value)); };
    const auto numbers = [&](const auto& matrix) {
        for (Index i = 0; i < matrix.size(); ++i) number(matrix.data()[i]);
    };
    writer.u8(kStateVersion);
    writer.u8(static_cast<std::uint8_t>(m_));
    writer.u8(is_fitted_ ? 1 : 0);
    if (!is_fitted_) {
        writer.u32_be(static_cast<std::uint32_t>(collected_));
        for (Index row = 0; row < collected_; ++row)
            for (Index signal = 0; signal < m_; ++signal) number(training_(row, signal));
        return;
    }
    writer.u8(static_cast<std::uint8_t>(components_.cols()));
    writer.u8(alarmed_ ? 1 : 0);
    writer.u32_be(streak_);
    number(t2_limit_);
    number(q_limit_);
    numbers(mean_);
    numbers(scale_);
    numbers(components_);
    numbers(variances_);
    numbers(smoothed_);
}

Result<void> EwmaPca::Impl::restore(ByteView bytes) {
    Impl read(static_cast<std::size_t>(m_), settings_);
    if (!read.read_state(bytes)) return fail(Errc::corrupt, "state of an EWMA PCA detector");
    *this = std::move(read);
    return ok();
}

// Into a fresh detector.
Result<void> EwmaPca::Impl::read_state(ByteView bytes) {
    ByteReader reader(bytes);
    HF_TRY(const std::uint8_t version, reader.u8());
    HF_TRY(const std::uint8_t signals, reader.u8());
    HF_TRY(const std::uint8_t fitted, reader.u8());
    if (version != kStateVersion || signals != m_ || fitted > 1) return never_saved();
    if (fitted == 1) {
        HF_TRY(read_fitted(reader));
        return reader.empty() ? ok() : Result<void>(never_saved());
    }
    HF_TRY(const std::uint32_t collected, reader.u32_be());
    if (collected >= settings_.warmup_samples) return never_saved();
    collected_ = static_cast<Index>(collected);
    for (Index row = 0; row < collected_; ++row) {
        for (Index signal = 0; signal < m_; ++signal) {
            HF_TRY(const std::uint64_t bits, reader.u64_be());
            const double value = std::bit_cast<double>(bits); // NaN: was missing
            if (!std::isnan(value) && std::abs(value) > kValueMax) return never_saved();
            training_(row, signal) = value;
        }
    }
    return reader.empty() ? ok() : Result<void>(never_saved());
}

Result<void> EwmaPca::Impl::read_fitted(ByteReader& reader) {
    const auto number = [&](double& out) -> Result<void> {
        HF_TRY(const std::uint64_t bits, reader.u64_be());
        out = std::bit_cast<double>(bits);
        return std::isfinite(out) ? ok() : Result<void>(never_saved());
    };
    const auto numbers = [&](auto& matrix) -> Result<void> {
        for (Index i = 0; i < matrix.size(); ++i) {
            HF_TRY(number(matrix.data()[i]));
        }
        return ok();
    };
    HF_TRY(const std::uint8_t kept, reader.u8());
    if (kept == 0 || kept >= m_) return never_saved();
    HF_TRY(const std::uint8_t alarmed, reader.u8());
    HF_TRY(streak_, reader.u32_be());
    if (alarmed > 1 || streak_ >= settings_.hold_samples) return never_saved();
    alarmed_ = alarmed != 0;
    HF_TRY(number(t2_limit_));
    HF_TRY(number(q_limit_));
    mean_.resize(m_);
    scale_.resize(m_);
    components_.resize(m_, kept);
    variances_.resize(kept);
    smoothed_.resize(m_);
    HF_TRY(numbers(mean_));
    HF_TRY(numbers(scale_));
    HF_TRY(numbers(components_));
    HF_TRY(numbers(variances_));
    HF_TRY(numbers(smoothed_));
    if (scale_.minCoeff() <= 0.0 || variances_.minCoeff() <= 0.0 || t2_limit_ <= 0.0 ||
        q_limit_ <= 0.0)
        return never_saved();
    has_smoothed_ = true;
    is_fitted_ = true;
    training_.resize(0, 0);
    return ok();
}

EwmaPca::EwmaPca(std::size_t signals, EwmaPcaSettings settings)
    : impl_(std::make_unique<Impl>(signals, settings)) {}
EwmaPca::~EwmaPca() = default;
EwmaPca::EwmaPca(EwmaPca&&) noexcept = default;
EwmaPca& EwmaPca::operator=(EwmaPca&&) noexcept = default;

Verdict EwmaPca::update(std::span<const double> sample) {
    return impl_->update(sample);
}
Explanation EwmaPca::explain() const {
    return impl_->explain();
}
bool EwmaPca::is_alarmed() const noexcept {
    return impl_->alarmed_;
}
void EwmaPca::save(Bytes& out) const {
    impl_->save(out);
}
Result<void> EwmaPca::restore(ByteView bytes) {
    return impl_->restore(bytes);
}

} // namespace holdfast::ml
