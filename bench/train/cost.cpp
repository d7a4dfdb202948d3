#include "parts.hpp"

#include <holdfast/ml/training/boosted_trees.hpp>
#include <holdfast/ml/training/k_means.hpp>
#include <holdfast/ml/training/linear_regression.hpp>
#include <holdfast/ml/training/logistic_regression.hpp>
#include <holdfast/ml/training/principal_components.hpp>
#include <holdfast/ml/training/random.hpp>
#include <holdfast/ml/training/random_forest.hpp>

#include <fmt/format.h>
#include <time.h>

#include <cmath>
#include <cstdlib>
#include <numeric>
#include <vector>

namespace holdfast::bench {
namespace {

constexpr std::size_t kRows = 200'000;
constexpr std::size_t kFeatures = 20;

double cpu_s() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// What cannot fail on such rows.
template <typename T>
T expect(Result<T> result) {
    if (result) return std::move(result).value();
    fmt::print(stderr, "train: {}\n", result.error().context);
    std::exit(1);
}

template <typename Fit>
void time_of(const char* name, const Fit& fit) {
    const double from = cpu_s();
    const double figure = fit();
    fmt::print("{:44} {:7.2f} s CPU   ({:.6g})\n", name, cpu_s() - from, figure);
    std::fflush(stdout);
}

struct Rows {
    ml::Table x{kRows, kFeatures};
    std::vector<double> values = std::vector<double>(kRows);
    std::vector<double> labels = std::vector<double>(kRows);
};

// A sum, a step, a wave and a product of features that are even in [0, 1), with noise.
Rows make_rows() {
    Rows out;
    ml::Random random(1);
    for (std::size_t i = 0; i < kFeatures; ++i)
        for (double& value : out.x.column(i)) value = random.uniform();
    for (std::size_t row = 0; row < kRows; ++row) {
        const auto at = [&](std::size_t i) { return out.x(row, i); };
        out.values[row] = 3.0 * at(0) + (at(1) > 0.5 ? 2.0 : 0.0) + std::sin(6.0 * at(2)) +
                          4.0 * at(3) * at(4) + 0.5 * random.uniform();
        out.labels[row] = out.values[row] > 4.5 ? 1.0 : 0.0;
    }
    return out;
}

std::vector<std::size_t> first_rows(std::size_t count) {
    std::vector<std::size_t> out(count);
    std::iota(out.begin(), out.end(), std::size_t{0});
    return out;
}

} // namespace

void cost() {
    fmt::print("{} rows of {} doubles, one thread; in brackets a figure of the model\n", kRows,
               kFeatures);
    const Rows rows = make_rows();
    time_of("boosted trees, 100, values (budget 8 s)",
            [&] { return expect(ml::fit_boosted_trees(rows.x, rows.values, {})).importance()[0]; });
    time_of("boosted trees, 100, labels", [&] {
        return expect(ml::fit_boosted_trees(rows.x, rows.labels, {.goal = ml::Goal::label}))
            .importance()[0];
    });
    time_of("ridge", [&] {
        return expect(ml::LinearRegression::fit(rows.x, rows.values, {.l2 = 1.0})).intercept();
    });
    time_of("logistic",
            [&] { return expect(ml::LogisticRegression::fit(rows.x, rows.labels)).intercept(); });
    time_of("principal components, 5",
            [&] { return expect(ml::PrincipalComponents::fit(rows.x, 5)).variances()[0]; });
    time_of("k-means, 8 clusters, one seeding", [&] {
        return expect(ml::KMeans::fit(rows.x, {.clusters = 8, .restarts = 1})).inertia();
    });
    const std::vector<std::size_t> some = first_rows(50'000);
    const ml::Table x = rows.x.select(some);
    const std::span y = std::span(rows.values).first(50'000);
    time_of("random forest, 10 trees of depth 8, 50,000 rows", [&] {
        ml::RandomForestSettings settings;
        settings.trees = 10;
        settings.split_features = kFeatures;
        settings.bounds.depth_max = 8;
        return expect(ml::fit_random_forest(x, y, settings)).importance()[0];
    });
}

} // namespace holdfast::bench
