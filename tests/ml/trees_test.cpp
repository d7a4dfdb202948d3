// Goal: trees, forests and boosted trees give what scikit-learn gives where both are exact, keep
// to their bounds, send missing values somewhere sensible, and say what they cannot do.
#include "ml/reference_figures.hpp"

#include <holdfast/ml/training/boosted_trees.hpp>
#include <holdfast/ml/training/random.hpp>
#include <holdfast/ml/training/random_forest.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>

using namespace holdfast;
using ml::Goal;
using ml::Table;
using ml::TreeEnsemble;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> predictions(const TreeEnsemble& model, const Table& x) {
    std::vector<double> out;
    std::vector<double> sample(x.columns());
    for (std::size_t row = 0; row < x.rows(); ++row) {
        x.copy_row(row, sample);
        out.push_back(model.predict(sample));
    }
    return out;
}

void check_equal(const std::vector<double>& found, const std::string& name, double tolerance) {
    const std::vector<double> wanted = ml::reference::figures(name);
    REQUIRE(found.size() == wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        CAPTURE(i);
        CHECK(found[i] == Approx(wanted[i]).epsilon(tolerance).margin(tolerance));
    }
}

double squared_error(const TreeEnsemble& model, const Table& x, std::span<const double> y) {
    const std::vector<double> found = predictions(model, x);
    double sum = 0.0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += (found[i] - y[i]) * (found[i] - y[i]);
    return sum / static_cast<double>(y.size());
}

// A step in one feature, a slope in another, and one that says nothing.
struct Plant {
    Table x;
    std::vector<double> y;
};
Plant plant(std::size_t rows, std::uint64_t seed) {
    ml::Random random(seed);
    Plant out{Table(rows, 3), std::vector<double>(rows)};
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t i = 0; i < 3; ++i) out.x(row, i) = random.uniform();
        out.y[row] =
            (out.x(row, 0) > 0.6 ? 5.0 : 0.0) + 3.0 * out.x(row, 1) + 0.1 * random.uniform();
    }
    return out;
}

} // namespace

TEST_CASE("a decision tree is the one that scikit-learn grows", "[ml][training]") {
    const Table x = ml::reference::table("trees.x");
    const auto y = ml::reference::figures("trees.y");
    const auto model =
        ml::fit_decision_tree(x, y, {.bounds = {.depth_max = 4, .leaf_rows_min = 5}}).value();
    check_equal(predictions(model, x), "trees.regression", 1e-12);
    const auto importance = ml::reference::figures("trees.regression_importance");
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(model.importance()[i] == Approx(importance[i]).epsilon(1e-10));
    const auto label = ml::reference::figures("trees.label");
    const auto classifier =
        ml::fit_decision_tree(x, label,
                              {.goal = Goal::label, .bounds = {.depth_max = 3, .leaf_rows_min = 4}})
            .value();
    check_equal(predictions(classifier, x), "trees.probability", 1e-12);
}

TEST_CASE("boosted trees are those that scikit-learn grows", "[ml][training]") {
    ml::BoostedTreesSettings settings;
    settings.trees = 30;
    settings.l2 = 0.5;
    settings.bounds = {.leaves_max = 8, .depth_max = 64, .leaf_rows_min = 10};
    const Table x = ml::reference::table("trees.x");
    const Table missing = ml::reference::table("trees.missing");
    const auto y = ml::reference::figures("trees.y");
    // Theirs sum gradients in single precision.
    check_equal(predictions(ml::fit_boosted_trees(x, y, settings).value(), x), "trees.boosted",
                1e-5);
    check_equal(predictions(ml::fit_boosted_trees(missing, y, settings).value(), missing),
                "trees.boosted_missing", 1e-5);
    settings.goal = Goal::label;
    const auto label = ml::reference::figures("trees.label");
    check_equal(predictions(ml::fit_boosted_trees(missing, label, settings).value(), missing),
                "trees.boosted_probability", 1e-5);
}

TEST_CASE("a forest and boosted trees learn what holds for other rows", "[ml][training]") {
    const Plant train = plant(1000, 1);
    const Plant test = plant(500, 2);
    const auto forest = ml::fit_random_forest(train.x, train.y, {.trees = 30}).value();
    const auto boosted = ml::fit_boosted_trees(train.x, train.y, {}).value();
    CHECK(squared_error(forest, test.x, test.y) < 0.1); // the targets' variance is 6.8
    CHECK(squared_error(boosted, test.x, test.y) < 0.05);
    for (const TreeEnsemble* model : {&forest, &boosted}) {
        CHECK(std::accumulate(model->importance().begin(), model->importance().end(), 0.0) ==
              Approx(1.0));
        CHECK(model->importance()[0] > model->importance()[1]);
        CHECK(model->importance()[2] < 0.05);
    }
}

TEST_CASE("the seed alone decides over a forest", "[ml][training]") {
    const Plant data = plant(200, 3);
    const auto saved = [&](std::uint64_t seed) {
        Bytes out;
        ml::fit_random_forest(data.x, data.y, {.trees = 5, .seed = seed}).value().save(out);
        return out;
    };
    CHECK(saved(1) == saved(1));
    CHECK(saved(1) != saved(2));
}

TEST_CASE("a missing value that means something is learnt from", "[ml][training]") {
    Table x(200, 1);
    std::vector<double> y(200);
    for (std::size_t row = 0; row < 200; ++row) {
        const bool is_missing = row % 4 == 0; // the sensor is off while the machine stands
        x(row, 0) = is_missing ? kNan : static_cast<double>(row % 7);
        y[row] = is_missing ? 100.0 : static_cast<double>(row % 7);
    }
    const auto tree = ml::fit_decision_tree(x, y, {}).value();
    CHECK(tree.predict(std::array{kNan}) == Approx(100.0));
    CHECK(tree.predict(std::array{3.0}) == Approx(3.0));
}

TEST_CASE("more values than bins are parted evenly, and none is lost", "[ml][training]") {
    Table x(5000, 1);
    std::vector<double> y(5000);
    for (std::size_t row = 0; row < 5000; ++row) {
        x(row, 0) = std::exp(static_cast<double>(row) / 100.0); // over 21 decades
        y[row] = static_cast<double>(row);
    }
    const auto tree = ml::fit_decision_tree(x, y, {.bounds = {.depth_max = 16}}).value();
    CHECK(tree.trees()[0].nodes.size() == 2 * 255 - 1);
    CHECK(squared_error(tree, x, y) < 40.0); // 20 rows in a bin: 400 / 12 and a little
    CHECK(tree.predict(std::array{1e300}) > 4970.0);
}

TEST_CASE("trees keep to their bounds", "[ml][training]") {
    const Plant data = plant(500, 4);
    const auto nodes = [&](ml::TreeBounds bounds) {
        return ml::fit_decision_tree(data.x, data.y, {.bounds = bounds})
            .value()
            .trees()[0]
            .nodes.size();
    };
    CHECK(nodes({.leaves_max = 7}) == 2 * 7 - 1);
    CHECK(nodes({.depth_max = 3}) == 15);
    CHECK(nodes({.leaf_rows_min = 200}) == 3);
    CHECK(nodes({.leaf_rows_min = 251}) == 1);
}

TEST_CASE("constant features or targets give one leaf", "[ml][training]") {
    const Table constant(50, 2);
    std::vector<double> y(50, 0.1);
    CHECK(ml::fit_boosted_trees(constant, y, {}).value().predict(std::array{0.0, 0.0}) ==
          Approx(0.1));
    const Plant data = plant(50, 5);
    const auto tree = ml::fit_decision_tree(data.x, y, {}).value();
    CHECK(tree.trees()[0].nodes.size() == 1);
    CHECK(tree.importance()[0] == 0.0);
    Table missing(4, 1);
    for (double& value : missing.column(0)) value = kNan;
    CHECK(ml::fit_decision_tree(missing, std::array{1.0, 2.0, 3.0, 4.0}, {})
              .value()
              .predict(std::array{kNan}) == Approx(2.5));
}

TEST_CASE("trees refuse what they cannot be grown on", "[ml][training]") {
    const Table x = Table::from_rows(std::array{1.0, 2.0}, 1).value();
    const std::array y = {0.0, 1.0};
    const auto reason = [](const auto& out) {
        return out ? std::string("trained") : out.error().context;
    };
    CHECK(reason(ml::fit_decision_tree(Table(), {}, {})) ==
          "nothing to train on: 0 rows of 0 features");
    CHECK(reason(ml::fit_decision_tree(x, y, {.bounds = {.depth_max = 65}})) ==
          "depth_max of 65 is not from 1 to 64");
    CHECK(reason(ml::fit_decision_tree(x, std::array{1.0, 1.0}, {.goal = Goal::label})) ==
          "all 2 labels are 1: nothing to tell apart");
    CHECK(reason(ml::fit_random_forest(x, y, {.trees = 0})) == "trees of 0 is not from 1 to 10000");
    CHECK(reason(ml::fit_random_forest(x, y, {.split_features = 2})) ==
          "split_features of 2 is not from 0 to 1");
    const Table many(100'000, 1);
    const std::vector<double> zeros(100'000, 0.0);
    CHECK(reason(ml::fit_random_forest(many, zeros, {.trees = 200})) ==
          "200 trees of up to 65536 leaves may have more than 16777216 nodes: fewer trees, "
          "leaves_max lower or leaf_rows_min higher");
    CHECK(reason(ml::fit_boosted_trees(x, y, {.learning_rate = 0.0})) ==
          "learning_rate of 0 is not above 0 and up to 1");
    CHECK(reason(ml::fit_boosted_trees(x, std::array{0.0, kNan}, {})) ==
          "the target of row 1 is missing");
}

TEST_CASE("a cancelled forest ends between two trees", "[ml][training]") {
    const Plant data = plant(100, 6);
    std::stop_source stop;
    const ml::RunControl control{stop.get_token(), [&](double part) {
                                     if (part >= 0.5) stop.request_stop();
                                 }};
    CHECK(ml::fit_random_forest(data.x, data.y, {.trees = 10}, control).error().code ==
          Errc::closed);
    CHECK(ml::fit_boosted_trees(data.x, data.y, {.trees = 10}, control).error().code ==
          Errc::closed);
}

TEST_CASE("trees survive their bytes, and others' bytes are refused", "[ml][training]") {
    const Table x = ml::reference::table("trees.missing");
    const auto model = ml::fit_boosted_trees(x, ml::reference::figures("trees.label"),
                                             {.goal = Goal::label, .trees = 3})
                           .value();
    Bytes saved;
    model.save(saved);
    const TreeEnsemble restored = TreeEnsemble::restore(saved).value();
    CHECK(predictions(restored, x) == predictions(model, x));
    for (std::size_t size = 0; size < saved.size(); ++size)
        CHECK(TreeEnsemble::restore(ByteView(saved).first(size)).error().code == Errc::corrupt);
    // A root that is its own child would never end.
    Bytes loop = saved;
    const std::size_t root = 1 + 1 + 4 + 8 + 3 * 8 + 4 + 4;
    REQUIRE(loop[root] != std::byte{0});
    store_u32_be(loop.data() + root + 1 + 8 + 4, 0);
    CHECK(TreeEnsemble::restore(loop).error().code == Errc::corrupt);
}

TEST_CASE("values as large as are allowed give a finite model", "[ml][training]") {
    const Table x = Table::from_rows(std::array{-1e100, 1e100, 1e100, -1e100}, 1).value();
    const std::array y = {-1e100, 1e100, 1e100, -1e100};
    const auto tree = ml::fit_decision_tree(x, y, {}).value();
    CHECK(tree.predict(std::array{-1e100}) == Approx(-1e100));
    CHECK(tree.importance()[0] == 1.0);
    CHECK(ml::fit_decision_tree(x, std::array{1e200, 0.0, 0.0, 0.0}, {}).error().context ==
          "the target of row 0 is beyond 1e100");
}
