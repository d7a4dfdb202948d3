// Goal: gaps are filled and units made alike by what the training rows say, the same for a live
// sample as for a table, bit for bit.
#include <holdfast/ml/training/preparation.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace holdfast;
using ml::Preparation;
using ml::Table;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// A feature with a gap and an outlier, one that is constant, one with an even number of values.
Table rows() {
    return Table::from_rows(std::array{1.0, 0.1, kNan, 2.0, 0.1, 10.0, kNan, 0.1, 20.0, //
                                       3.0, 0.1, 40.0, 1000.0, 0.1, 80.0},
                            3)
        .value();
}

} // namespace

TEST_CASE("a gap becomes the median, an outlier does not move it", "[ml][training]") {
    const Preparation by = Preparation::fit(rows()).value();
    // The first feature with its gap filled: 1, 2, 2.5, 3, 1000.
    const double mean = (1.0 + 2.0 + 2.5 + 3.0 + 1000.0) / 5.0;
    double squares = 0.0;
    for (const double value : {1.0, 2.0, 2.5, 3.0, 1000.0}) squares += std::pow(value - mean, 2);
    std::array sample = {kNan, 0.1, kNan};
    by.apply(sample);
    CHECK(sample[0] == Approx((2.5 - mean) / std::sqrt(squares / 5.0)));
    CHECK(sample[1] == 0.0);
    CHECK(sample[2] == Approx((30.0 - 36.0) / std::sqrt((676 + 256 + 36 + 16 + 1936) / 5.0)));
}

TEST_CASE("a prepared table has means of 0 and deviations of 1", "[ml][training]") {
    const Table x = rows();
    const Preparation by = Preparation::fit(x).value();
    const Table prepared = by.apply(x);
    for (const std::size_t feature : {std::size_t{0}, std::size_t{2}}) {
        double sum = 0.0;
        double squares = 0.0;
        for (const double value : prepared.column(feature)) {
            sum += value;
            squares += value * value;
        }
        CHECK(sum == Approx(0.0).margin(1e-12));
        CHECK(squares == Approx(5.0));
    }
    std::array<double, 3> sample{};
    for (std::size_t row = 0; row < x.rows(); ++row) {
        x.copy_row(row, sample);
        by.apply(sample);
        for (std::size_t i = 0; i < 3; ++i) CHECK(sample[i] == prepared(row, i));
    }
}

TEST_CASE("a feature that is never there cannot be prepared", "[ml][training]") {
    const Table x = Table::from_rows(std::array{1.0, kNan, 2.0, kNan}, 2).value();
    CHECK(Preparation::fit(x).error() ==
          fail(Errc::malformed, "feature 1 is missing in every row"));
    CHECK(Preparation::fit(Table()).error().code == Errc::malformed);
}

TEST_CASE("a preparation survives its bytes, and others' bytes are refused", "[ml][training]") {
    const Preparation by = Preparation::fit(rows()).value();
    Bytes saved;
    by.save(saved);
    const Preparation restored = Preparation::restore(saved).value();
    std::array here = {5.0, kNan, 7.0};
    std::array there = here;
    by.apply(here);
    restored.apply(there);
    CHECK(here == there);
    for (std::size_t size = 0; size < saved.size(); ++size)
        CHECK(Preparation::restore(ByteView(saved).first(size)).error().code == Errc::corrupt);
}
