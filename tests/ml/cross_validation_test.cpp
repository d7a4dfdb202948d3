// Goal: an evaluation tells how a method does on rows that it has not seen, fold by fold, and a
// grid picks the candidate that does best there, not the one that knows its training by heart.
#include <holdfast/ml/training/cross_validation.hpp>
#include <holdfast/ml/training/random.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>

using namespace holdfast;
using ml::Algorithm;
using ml::Goal;
using ml::Table;

namespace {

// y = 2 a - b + 5 with noise of deviation 1; labels say whether it is above its middle.
struct Plant {
    Table x{300, 2};
    std::vector<double> y;
    std::vector<double> label;
};
Plant plant() {
    Plant out;
    ml::Random random(3);
    for (std::size_t row = 0; row < out.x.rows(); ++row) {
        out.x(row, 0) = 5.0 * random.uniform();
        out.x(row, 1) = 5.0 * random.uniform();
        const double noise = std::sqrt(12.0) * (random.uniform() - 0.5);
        out.y.push_back(2.0 * out.x(row, 0) - out.x(row, 1) + 5.0 + noise);
        out.label.push_back(out.y.back() > 7.5 ? 1.0 : 0.0);
    }
    return out;
}

} // namespace

TEST_CASE("an evaluation scores each row by a model that did not see it", "[ml][training]") {
    const Plant data = plant();
    const auto folds = ml::row_folds(300, 5, 1).value();
    const auto out = ml::cross_validate(ml::LinearSettings{}, data.x, data.y, folds).value();
    REQUIRE(out.folds.size() == 5);
    CHECK(out.folds[0].train_rows == 240);
    std::vector<std::size_t> rows = out.rows;
    std::ranges::sort(rows);
    for (std::size_t row = 0; row < rows.size(); ++row) CHECK(rows[row] == row);
    // By hand, the second fold.
    const Table train = data.x.select(folds[1].train);
    std::vector<double> y;
    for (const std::size_t row : folds[1].train) y.push_back(data.y[row]);
    const auto model = ml::LinearRegression::fit(train, y).value();
    double squares = 0.0;
    std::array<double, 2> sample{};
    for (const std::size_t row : folds[1].test) {
        data.x.copy_row(row, sample);
        squares += std::pow(model.predict(sample) - data.y[row], 2);
    }
    const double rmse = std::sqrt(squares / static_cast<double>(folds[1].test.size()));
    CHECK(std::get<ml::ValueScores>(out.folds[1].scores).rmse == Approx(rmse).epsilon(1e-12));
    CHECK(-out.merit() == Approx(1.0).margin(0.1)); // the noise
}

TEST_CASE("a grid picks what does best on rows not seen", "[ml][training]") {
    const Plant data = plant();
    const auto folds = ml::row_folds(300, 5, 1).value();
    ml::DecisionTreeSettings by_heart; // a leaf for each row
    by_heart.bounds.depth_max = 30;
    const std::vector<Algorithm> candidates = {by_heart, ml::LinearSettings{},
                                               ml::LinearSettings{.l2 = 1e6}};
    const auto out = ml::search_grid(candidates, data.x, data.y, folds).value();
    CHECK(out.best == 1);
    CHECK(out.evaluations[0].merit() < out.evaluations[1].merit());
    CHECK(out.evaluations[2].merit() < out.evaluations[1].merit());
}

TEST_CASE("every method is evaluated by its goal", "[ml][training]") {
    const Plant data = plant();
    const auto folds = ml::row_folds(300, 3, 1).value();
    ml::RandomForestSettings forest;
    forest.goal = Goal::label;
    forest.trees = 20;
    ml::BoostedTreesSettings boosted;
    boosted.goal = Goal::label;
    boosted.trees = 20;
    ml::DecisionTreeSettings tree;
    tree.goal = Goal::label;
    tree.bounds.depth_max = 4;
    for (const Algorithm& algorithm :
         std::vector<Algorithm>{ml::LogisticSettings{}, tree, forest, boosted}) {
        const auto out = ml::cross_validate(algorithm, data.x, data.label, folds).value();
        CHECK(std::get<ml::LabelScores>(out.all).roc_auc > 0.85);
        CHECK(out.merit() == std::get<ml::LabelScores>(out.all).pr_auc);
    }
}

TEST_CASE("an evaluation that cannot be says in which fold and why", "[ml][training]") {
    const Plant data = plant();
    const auto folds = ml::row_folds(300, 3, 1).value();
    std::vector<double> rare(300, 0.0);
    rare[folds[0].test[0]] = 1.0;
    CHECK(ml::cross_validate(ml::LogisticSettings{}, data.x, rare, folds).error().context ==
          "fold 0: all 200 labels are 0: nothing to tell apart");
    CHECK(ml::cross_validate(ml::LinearSettings{}, data.x, data.y, {}).error().context ==
          "no folds to validate on");
    CHECK(ml::search_grid({}, data.x, data.y, folds).error().context ==
          "a grid without candidates");
    const std::vector<Algorithm> mixed = {ml::LinearSettings{}, ml::LogisticSettings{}};
    CHECK(ml::search_grid(mixed, data.x, data.y, folds).error().context ==
          "candidate 1 of a grid has another goal than the first");
    const std::vector<Algorithm> wrong = {ml::LinearSettings{.l2 = -1.0}};
    CHECK(ml::search_grid(wrong, data.x, data.y, folds).error().context ==
          "candidate 0: fold 0: l2 of -1 is not a number from 0");
}

TEST_CASE("a grid reports rising progress and can be cancelled", "[ml][training]") {
    const Plant data = plant();
    const auto folds = ml::row_folds(300, 3, 1).value();
    ml::RandomForestSettings forest;
    forest.trees = 4;
    const std::vector<Algorithm> candidates = {forest, forest};
    std::stop_source stop;
    double last = 0.0;
    bool rises = true;
    const ml::RunControl control{stop.get_token(), [&](double part) {
                                     rises &= part >= last && part <= 1.0;
                                     last = part;
                                     if (part > 0.6) stop.request_stop();
                                 }};
    CHECK(ml::search_grid(candidates, data.x, data.y, folds, control).error().code == Errc::closed);
    CHECK(rises);
    CHECK(last < 0.8);
}
