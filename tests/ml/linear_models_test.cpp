// Goal: linear, ridge and logistic regression give what numpy and scikit-learn give, their
// derivatives are right, and data that nobody would plan for has a clear end.
#include "ml/reference_figures.hpp"
#include "ml/training/logistic_loss.hpp"

#include <holdfast/ml/training/linear_regression.hpp>
#include <holdfast/ml/training/logistic_regression.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace holdfast;
using ml::LinearRegression;
using ml::LogisticRegression;
using ml::Table;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Model>
void check_weights(const Model& model, const std::string& name, double tolerance) {
    const std::vector<double> wanted = ml::reference::figures(name);
    REQUIRE(model.weights().size() + 1 == wanted.size());
    for (std::size_t i = 0; i < model.weights().size(); ++i)
        CHECK(model.weights()[i] == Approx(wanted[i]).epsilon(tolerance));
    CHECK(model.intercept() == Approx(wanted.back()).epsilon(tolerance));
}

template <typename Model>
void check_survives(const Model& model, std::span<const double> sample) {
    Bytes saved;
    model.save(saved);
    const auto restored = Model::restore(saved);
    REQUIRE(restored.has_value());
    CHECK(restored.value().predict(sample) == model.predict(sample));
    for (std::size_t size = 0; size < saved.size(); ++size)
        CHECK(Model::restore(ByteView(saved).first(size)).error().code == Errc::corrupt);
    saved.push_back(std::byte{0});
    CHECK(Model::restore(saved).error().code == Errc::corrupt);
}

Table column(std::vector<double> values) {
    return Table::from_rows(values, 1).value();
}

} // namespace

TEST_CASE("least squares has the weights that scikit-learn finds", "[ml][training]") {
    const Table x = ml::reference::table("linear.x");
    const std::vector<double> y = ml::reference::figures("linear.y");
    check_weights(LinearRegression::fit(x, y).value(), "linear.plain", 1e-9);
    check_weights(LinearRegression::fit(x, y, {.l2 = 2.5}).value(), "linear.ridge", 1e-9);
}

TEST_CASE("fewer rows than features give the shortest exact solution", "[ml][training]") {
    const Table x = ml::reference::table("wide.x");
    const std::vector<double> y = ml::reference::figures("wide.y");
    const LinearRegression model = LinearRegression::fit(x, y).value();
    check_weights(model, "wide.shortest", 1e-8);
    std::vector<double> sample(x.columns());
    for (std::size_t row = 0; row < x.rows(); ++row) {
        x.copy_row(row, sample);
        CHECK(model.predict(sample) == Approx(y[row]).margin(1e-9));
    }
}

TEST_CASE("a constant feature has no weight and a repeated one shares it", "[ml][training]") {
    const auto x = Table::from_rows(std::array{1.0, 0.1, 1.0, 2.0, 0.1, 2.0, 4.0, 0.1, 4.0}, 3);
    const LinearRegression model =
        LinearRegression::fit(x.value(), std::array{3.0, 5.0, 9.0}).value();
    CHECK(model.weights()[0] == Approx(1.0));
    CHECK(model.weights()[1] == 0.0);
    CHECK(model.weights()[2] == Approx(1.0));
    CHECK(model.intercept() == Approx(1.0));
    const LinearRegression one = LinearRegression::fit(column({7.0}), std::array{3.0}).value();
    CHECK(one.predict(std::array{123.0}) == 3.0); // one row says nothing about slopes
}

TEST_CASE("units far apart cost the weights no digits", "[ml][training]") {
    Table x(50, 2);
    std::vector<double> y(50);
    for (std::size_t row = 0; row < 50; ++row) {
        const auto t = static_cast<double>(row);
        x(row, 0) = 1e-9 * std::sin(t);
        x(row, 1) = 1e9 + 1e5 * std::cos(t);
        y[row] = 2e9 * x(row, 0) - 3e-5 * (x(row, 1) - 1e9);
    }
    const LinearRegression model = LinearRegression::fit(x, y).value();
    CHECK(model.weights()[0] == Approx(2e9).epsilon(1e-9));
    CHECK(model.weights()[1] == Approx(-3e-5).epsilon(1e-9));
}

TEST_CASE("logistic regression has the weights that scikit-learn finds", "[ml][training]") {
    const Table x = ml::reference::table("logistic.x");
    const std::vector<double> y = ml::reference::figures("logistic.y");
    check_weights(LogisticRegression::fit(x, y, {.l2 = 0.7}).value(), "logistic.l2", 1e-6);
    check_weights(LogisticRegression::fit(x, y, {.l2 = 0.0}).value(), "logistic.plain", 1e-6);
}

TEST_CASE("derivatives of the logistic loss are its slopes", "[ml][training]") {
    const Table x = ml::reference::table("logistic.x");
    const std::vector<double> y = ml::reference::figures("logistic.y");
    const auto by = ml::Standardised::of(x);
    const ml::LogisticLoss loss(x, y, by, 0.7);
    Eigen::VectorXd beta(4);
    beta << 0.3, -0.2, 0.5, 0.1;
    Eigen::VectorXd gradient;
    Eigen::MatrixXd hessian;
    CHECK(loss.derivatives(beta, gradient, hessian) == Approx(loss.value(beta)));
    constexpr double kStep = 1e-5;
    for (Eigen::Index i = 0; i < 4; ++i) {
        Eigen::VectorXd up = beta;
        Eigen::VectorXd down = beta;
        up(i) += kStep;
        down(i) -= kStep;
        CHECK((loss.value(up) - loss.value(down)) / (2 * kStep) ==
              Approx(gradient(i)).epsilon(1e-7));
        Eigen::VectorXd above;
        Eigen::VectorXd below;
        Eigen::MatrixXd unused;
        loss.derivatives(up, above, unused);
        loss.derivatives(down, below, unused);
        for (Eigen::Index j = i; j < 4; ++j)
            CHECK((above(j) - below(j)) / (2 * kStep) == Approx(hessian(j, i)).epsilon(1e-6));
    }
}

TEST_CASE("labels that the features separate need a penalty", "[ml][training]") {
    const Table x = column({1.0, 2.0, 3.0, 4.0});
    const std::array y = {0.0, 0.0, 1.0, 1.0};
    const auto without = LogisticRegression::fit(x, y, {.l2 = 0.0});
    REQUIRE(without.has_error());
    CHECK(without.error().context.find("l2") != std::string::npos);
    const LogisticRegression with = LogisticRegression::fit(x, y, {.l2 = 0.01}).value();
    CHECK(with.predict(std::array{1.0}) < 0.1);
    CHECK(with.predict(std::array{4.0}) > 0.9);
    CHECK(with.predict(std::array{2.5}) == Approx(0.5));
}

TEST_CASE("what cannot be trained on is refused with the reason", "[ml][training]") {
    struct Row {
        Table x;
        std::vector<double> y;
        const char* reason;
    };
    const auto row = GENERATE(values<Row>({
        {Table(), {}, "nothing to train on: 0 rows of 0 features"},
        {column({1.0, 2.0}), {0.0}, "1 targets for 2 rows"},
        {column({1.0, kNan}), {0.0, 1.0}, "feature 0 of row 1 is missing"},
        {column({kInfinity, 1.0}), {0.0, 1.0}, "feature 0 of row 0 is beyond 1e100"},
        {column({1.0, 2.0}), {0.0, kNan}, "the target of row 1 is missing"},
    }));
    CAPTURE(row.reason);
    CHECK(LinearRegression::fit(row.x, row.y).error() == fail(Errc::malformed, row.reason));
    CHECK(LogisticRegression::fit(row.x, row.y).error() == fail(Errc::malformed, row.reason));
}

TEST_CASE("labels are 0 and 1, and both are there", "[ml][training]") {
    const Table x = column({1.0, 2.0});
    CHECK(LogisticRegression::fit(x, std::array{1.0, 1.0}).error().context ==
          "all 2 labels are 1: nothing to tell apart");
    CHECK(LogisticRegression::fit(x, std::array{0.0, 2.0}).error().context ==
          "the label of row 1 is 2, not 0 or 1");
    CHECK(LogisticRegression::fit(x, std::array{0.0, 1.0}, {.l2 = -1.0}).error().code ==
          Errc::malformed);
    CHECK(LinearRegression::fit(x, std::array{0.0, 1.0}, {.l2 = kNan}).error().code ==
          Errc::malformed);
}

TEST_CASE("a linear model survives its bytes, and others' bytes are refused", "[ml][training]") {
    const Table x = ml::reference::table("logistic.x");
    const std::vector<double> y = ml::reference::figures("logistic.y");
    const std::array sample = {0.3, 25.0, 2900.0};
    check_survives(LinearRegression::fit(x, y).value(), sample);
    check_survives(LogisticRegression::fit(x, y).value(), sample);
}

TEST_CASE("a linear model of values as large as are allowed is finite", "[ml][training]") {
    const Table x = column({-1e100, 1e100, 5e99, -1e100});
    const LinearRegression model =
        LinearRegression::fit(x, std::array{-1e100, 1e100, 5e99, -1e100}).value();
    CHECK(model.weights()[0] == Approx(1.0));
    const LogisticRegression logistic =
        LogisticRegression::fit(x, std::array{0.0, 1.0, 1.0, 0.0}, {.l2 = 1e200}).value();
    CHECK(std::isfinite(logistic.predict(std::array{1e100})));
}
