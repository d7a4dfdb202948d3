// Goal: the correlation of two series is Pearson's, over the buckets that both have. Method: cases
// whose result is known by hand, and Anscombe's quartet (The American Statistician 27(1), 1973),
// whose four sets share 0.816.
#include <holdfast/history/correlation.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using history::correlate;
using history::MeanSeries;

namespace {

MeanSeries series(const std::vector<double>& means) {
    MeanSeries out;
    for (const double mean : means) {
        out.start_us.push_back(static_cast<std::int64_t>(out.start_us.size()) * 10);
        out.mean.push_back(mean);
    }
    return out;
}

} // namespace

TEST_CASE("Anscombe's sets correlate by 0.816", "[history][correlation]") {
    const MeanSeries x = series({10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5});
    const MeanSeries x4 = series({8, 8, 8, 8, 8, 8, 8, 19, 8, 8, 8});
    const auto check = [](const MeanSeries& left, const std::vector<double>& right) {
        const auto found = correlate(left, series(right));
        CHECK(found.n == 11);
        REQUIRE(found.r);
        CHECK(*found.r == Approx(0.8164).margin(3e-4));
    };
    check(x, {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68});
    check(x, {9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13, 7.26, 4.74});
    check(x, {7.46, 6.77, 12.74, 7.11, 7.81, 8.84, 6.08, 5.39, 8.15, 6.42, 5.73});
    check(x4, {6.58, 5.76, 7.71, 8.84, 8.47, 7.04, 5.25, 12.50, 5.56, 7.91, 6.89});
}

TEST_CASE("only buckets that both series have are compared", "[history][correlation]") {
    const MeanSeries left{{0, 10, 20, 40}, {1, 2, 3, 9}};
    const MeanSeries right{{10, 20, 30, 40}, {-4, -6, 100, -18}};
    const auto found = correlate(left, right);
    CHECK(found.n == 3);
    REQUIRE(found.r);
    CHECK(*found.r == Approx(-1));
    CHECK(*found.r >= -1);
}

TEST_CASE("there is no correlation of what does not change, or of fewer than two buckets",
          "[history][correlation]") {
    CHECK_FALSE(correlate(series({0.1, 0.1, 0.1}), series({1, 2, 3})).r);
    CHECK_FALSE(correlate(series({1, 2, 3}), series({0, 0, 0})).r);
    CHECK(correlate(series({1}), series({2})).n == 1);
    CHECK_FALSE(correlate(series({1}), series({2})).r);
    CHECK(correlate(series({}), series({2})).n == 0);
}

TEST_CASE("small changes of large means keep their digits", "[history][correlation]") {
    const auto found = correlate(series({1e9 + 1, 1e9 + 2, 1e9 + 3}), series({1, 2, 3}));
    REQUIRE(found.r);
    CHECK(*found.r == Approx(1).epsilon(1e-12));
}
