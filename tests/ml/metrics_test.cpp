// Goal: figures of a model are those that scikit-learn gives, ties and single rows included.
#include "ml/reference_figures.hpp"

#include <holdfast/ml/training/k_means.hpp>
#include <holdfast/ml/training/metrics.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace holdfast;
using ml::reference::figures;

TEST_CASE("errors of values are those of scikit-learn", "[ml][training]") {
    const auto scores =
        ml::score_values(figures("scores.truth"), figures("scores.predicted")).value();
    CHECK(scores.mae == Approx(figures("scores.mae")[0]).epsilon(1e-12));
    CHECK(scores.rmse == Approx(figures("scores.rmse")[0]).epsilon(1e-12));
    CHECK(scores.r2 == Approx(figures("scores.r2")[0]).epsilon(1e-12));
    CHECK(scores.phm == Approx(figures("scores.phm")[0]).epsilon(1e-12));
}

TEST_CASE("a late prediction costs more than an early one, and none overflows", "[ml][training]") {
    const auto phm = [](double late) {
        return ml::score_values(std::array{0.0}, std::array{late}).value().phm;
    };
    CHECK(phm(0.0) == 0.0);
    CHECK(phm(10.0) == Approx(std::exp(1.0) - 1.0));
    CHECK(phm(-13.0) == Approx(std::exp(1.0) - 1.0));
    CHECK(std::isfinite(phm(1e9)));
    CHECK(std::isnan(ml::score_values(std::array{2.0, 2.0}, std::array{1.0, 2.0}).value().r2));
}

TEST_CASE("figures of labels are those of scikit-learn, ties included", "[ml][training]") {
    const auto scores =
        ml::score_labels(figures("scores.label"), figures("scores.probability")).value();
    CHECK(scores.roc_auc == Approx(figures("scores.roc_auc")[0]).epsilon(1e-12));
    CHECK(scores.pr_auc == Approx(figures("scores.pr_auc")[0]).epsilon(1e-12));
    CHECK(scores.confusion.f1() == Approx(figures("scores.f1")[0]).epsilon(1e-12));
    const auto counts = figures("scores.confusion");
    CHECK(static_cast<double>(scores.confusion.true_zeros) == counts[0]);
    CHECK(static_cast<double>(scores.confusion.false_ones) == counts[1]);
    CHECK(static_cast<double>(scores.confusion.false_zeros) == counts[2]);
    CHECK(static_cast<double>(scores.confusion.true_ones) == counts[3]);
}

TEST_CASE("who never says 1 has no precision, recall or F1, but areas", "[ml][training]") {
    const auto scores = ml::score_labels(std::array{0.0, 1.0}, std::array{0.1, 0.1}).value();
    CHECK(scores.confusion.precision() == 0.0);
    CHECK(scores.confusion.recall() == 0.0);
    CHECK(scores.confusion.f1() == 0.0);
    CHECK(scores.roc_auc == 0.5);
    CHECK(scores.pr_auc == 0.5);
}

TEST_CASE("the silhouette is scikit-learn's", "[ml][training]") {
    const ml::Table x = ml::reference::table("clusters.x");
    const auto model = ml::KMeans::fit(x, {.clusters = 3}).value();
    std::vector<std::size_t> clusters;
    std::array<double, 2> sample{};
    for (std::size_t row = 0; row < x.rows(); ++row) {
        x.copy_row(row, sample);
        clusters.push_back(model.nearest(sample).cluster);
    }
    CHECK(ml::silhouette(x, clusters).value() ==
          Approx(figures("clusters.silhouette")[0]).epsilon(1e-12));
}

TEST_CASE("a row alone in its cluster counts nothing for the silhouette", "[ml][training]") {
    const ml::Table x = ml::Table::from_rows(std::array{0.0, 1.0, 5.0}, 1).value();
    // Rows 0 and 1: 1 within, 5 and 4 to the next.
    CHECK(ml::silhouette(x, std::array<std::size_t, 3>{0, 0, 9}).value() ==
          Approx((0.8 + 0.75 + 0.0) / 3.0));
    CHECK(ml::silhouette(x, std::array<std::size_t, 3>{4, 4, 4}).error().context ==
          "a silhouette needs rows of two clusters");
}

TEST_CASE("figures of nothing, of NaN or of one class are refused", "[ml][training]") {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    CHECK(ml::score_values({}, {}).error().context == "0 predictions for 0 targets");
    CHECK(ml::score_values(std::array{1.0}, std::array{1.0, 2.0}).error().context ==
          "2 predictions for 1 targets");
    CHECK(ml::score_values(std::array{1.0}, std::array{kNan}).error().context ==
          "target or prediction of row 0 is not a finite number");
    CHECK(ml::score_labels(std::array{1.0, 1.0}, std::array{0.2, 0.3}).error().context ==
          "all 2 labels are 1: nothing to tell apart");
}
