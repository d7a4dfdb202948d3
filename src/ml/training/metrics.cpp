#include <holdfast/ml/training/metrics.hpp>

#include "ml/training/training_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace holdfast::ml {
namespace {

constexpr double kExponentMax = 700.0; // exp() of more overflows

Result<void> check_pairs(std::span<const double> truth, std::span<const double> predicted) {
    if (truth.empty() || truth.size() != predicted.size())
        return fail(Errc::malformed,
                    fmt::format("{} predictions for {} targets", predicted.size(), truth.size()));
    for (std::size_t row = 0; row < truth.size(); ++row)
        if (!std::isfinite(truth[row]) || !std::isfinite(predicted[row]))
            return fail(Errc::malformed,
                        fmt::format("target or prediction of row {} is not a finite number", row));
    return ok();
}

double phm_of(double late) {
    return std::expm1(std::min(late < 0.0 ? -late / 13.0 : late / 10.0, kExponentMax));
}

double over(double part, double whole) {
    return whole > 0.0 ? part / whole : 0.0;
}

Confusion count(std::span<const double> labels, std::span<const double> scores, double threshold) {
    Confusion out;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const bool is_one = labels[row] == 1.0;
        if (scores[row] >= threshold)
            ++(is_one ? out.true_ones : out.false_ones);
        else
            ++(is_one ? out.false_zeros : out.true_zeros);
    }
    return out;
}

// Both areas in one pass from the highest score down; rows of equal score count at once.
void add_areas(std::span<const double> labels, std::span<const double> scores, LabelScores& out) {
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    const auto all_ones = static_cast<double>(std::ranges::count(labels, 1.0));
    const double all_zeros = static_cast<double>(labels.size()) - all_ones;
    double ones = 0.0; // with this score or a higher one
    double zeros = 0.0;
    for (std::size_t from = 0; from < order.size();) {
        double more_ones = 0.0;
        double more_zeros = 0.0;
        std::size_t to = from;
        for (; to < order.size() && scores[order[to]] == scores[order[from]]; ++to)
            (labels[order[to]] == 1.0 ? more_ones : more_zeros) += 1.0;
        out.roc_auc += more_zeros * (ones + 0.5 * more_ones) / (all_ones * all_zeros);
        ones += more_ones;
        zeros += more_zeros;
        out.pr_auc += more_ones / all_ones * ones / (ones + zeros);
        from = to;
    }
}

} // namespace

double Confusion::precision() const noexcept {
    return over(static_cast<double>(true_ones), static_cast<double>(true_ones + false_ones));
}

double Confusion::recall() const noexcept {
    return over(static_cast<double>(true_ones), static_cast<double>(true_ones + false_zeros));
}

double Confusion::f1() const noexcept {
    return over(2.0 * static_cast<double>(true_ones),
                static_cast<double>(2 * true_ones + false_ones + false_zeros));
}

Result<ValueScores> score_values(std::span<const double> truth, std::span<const double> predicted) {
    HF_TRY(check_pairs(truth, predicted));
    const auto n = static_cast<double>(truth.size());
    const double mean = std::accumulate(truth.begin(), truth.end(), 0.0) / n;
    ValueScores out;
    double squares = 0.0;
    double variance = 0.0;
    for (std::size_t row = 0; row < truth.size(); ++row) {
        const double late = predicted[row] - truth[row];
        out.mae += std::abs(late) / n;
        squares += late * late;
        variance += (truth[row] - mean) * (truth[row] - mean);
        out.phm += phm_of(late);
    }
    out.rmse = std::sqrt(squares / n);
    out.r2 = variance > 0.0 ? 1.0 - squares / variance : std::numeric_limits<double>::quiet_NaN();
    return out;
}

Result<LabelScores> score_labels(std::span<const double> labels, std::span<const double> scores,
                                 double threshold) {
    HF_TRY(check_pairs(labels, scores));
    HF_TRY(check_classes(labels));
    LabelScores out;
    out.confusion = count(labels, scores, threshold);
    add_areas(labels, scores, out);
    return out;
}

} // namespace holdfast::ml
