// Goal: principal components are those that scikit-learn finds, constant features and few rows
// included, and their residual is the distance that it is said to be.
#include "ml/reference_figures.hpp"

#include <holdfast/ml/training/principal_components.hpp>

#include <catch2/catch.hpp>

#include <array>

using namespace holdfast;
using ml::PrincipalComponents;
using ml::Table;

TEST_CASE("components, variances and scores are scikit-learn's", "[ml][training]") {
    const Table x = ml::reference::table("components.x");
    const Table directions = ml::reference::table("components.directions");
    const Table scores = ml::reference::table("components.scores");
    const auto variances = ml::reference::figures("components.variances");
    const auto ratios = ml::reference::figures("components.ratios");
    const PrincipalComponents model = PrincipalComponents::fit(x, 3).value();
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(model.variances()[i] == Approx(variances[i]).epsilon(1e-10));
        CHECK(model.variances()[i] / model.total_variance() == Approx(ratios[i]).epsilon(1e-10));
        for (std::size_t j = 0; j < 4; ++j)
            CHECK(model.direction(i)[j] == Approx(directions(i, j)).epsilon(1e-8).margin(1e-10));
    }
    std::array<double, 4> sample{};
    std::array<double, 3> out{};
    for (std::size_t row = 0; row < x.rows(); ++row) {
        x.copy_row(row, sample);
        model.scores(sample, out);
        for (std::size_t i = 0; i < 3; ++i)
            CHECK(out[i] == Approx(scores(row, i)).epsilon(1e-8).margin(1e-9));
    }
}

TEST_CASE("the residual is the squared distance from the kept directions", "[ml][training]") {
    // All rows on the line (1, 1, 0) through (0, 0, 5).
    const Table x =
        Table::from_rows(std::array{-1.0, -1.0, 5.0, 0.0, 0.0, 5.0, 1.0, 1.0, 5.0}, 3).value();
    const PrincipalComponents model = PrincipalComponents::fit(x, 1).value();
    CHECK(model.residual(std::array{3.0, 3.0, 5.0}) == Approx(0.0).margin(1e-12));
    CHECK(model.residual(std::array{2.0, 0.0, 5.0}) == Approx(2.0));
    CHECK(model.residual(std::array{0.0, 0.0, 8.0}) == Approx(9.0));
    CHECK(model.variances()[0] == Approx(model.total_variance()));
}

TEST_CASE("components of constant features have no variance", "[ml][training]") {
    const Table x = Table::from_rows(std::array{4.0, 7.0, 4.0, 7.0, 4.0, 7.0}, 2).value();
    const PrincipalComponents model = PrincipalComponents::fit(x, 2).value();
    CHECK(model.total_variance() == 0.0);
    CHECK(model.residual(std::array{4.0, 7.0}) == 0.0);
}

TEST_CASE("more components than rows or features allow are refused", "[ml][training]") {
    const Table x = Table::from_rows(std::array{1.0, 2.0, 3.0, 4.0, 5.0, 7.0}, 3).value();
    CHECK(PrincipalComponents::fit(x, 1).has_value());
    CHECK(PrincipalComponents::fit(x, 2).error().context ==
          "2 components of 2 rows of 3 features: must be from 1 to 1");
    CHECK(PrincipalComponents::fit(x, 0).error().code == Errc::malformed);
    CHECK(PrincipalComponents::fit(Table(), 1).error().code == Errc::malformed);
    CHECK(PrincipalComponents::fit(Table(1, 3), 1).error().code == Errc::malformed);
}

TEST_CASE("principal components survive their bytes, others' are refused", "[ml][training]") {
    const PrincipalComponents model =
        PrincipalComponents::fit(ml::reference::table("components.x"), 2).value();
    Bytes saved;
    model.save(saved);
    const PrincipalComponents restored = PrincipalComponents::restore(saved).value();
    const std::array sample = {1.0, 2.0, 3.0, 4.0};
    CHECK(restored.residual(sample) == model.residual(sample));
    for (std::size_t size = 0; size < saved.size(); ++size)
        CHECK(PrincipalComponents::restore(ByteView(saved).first(size)).error().code ==
              Errc::corrupt);
}
