// Goal: tables keep rows and columns apart, and random numbers are the published ones.
#include <holdfast/ml/training/random.hpp>
#include <holdfast/ml/training/table.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <numeric>

using namespace holdfast;
using ml::Random;
using ml::Table;

TEST_CASE("a table is filled by rows and read by columns", "[ml][training]") {
    const Table table = Table::from_rows(std::array{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, 2).value();
    CHECK(table.rows() == 3);
    CHECK(table.columns() == 2);
    CHECK(std::ranges::equal(table.column(1), std::array{2.0, 4.0, 6.0}));
    std::array<double, 2> row{};
    table.copy_row(2, row);
    CHECK(row == std::array{5.0, 6.0});
    const Table chosen = table.select(std::array<std::size_t, 3>{2, 0, 2});
    CHECK(std::ranges::equal(chosen.column(0), std::array{5.0, 1.0, 5.0}));
    CHECK(Table::from_rows(std::array{1.0, 2.0, 3.0}, 2).error().code == Errc::malformed);
    CHECK(Table::from_rows({}, 0).error().code == Errc::malformed);
}

TEST_CASE("random numbers of a seed are the same everywhere", "[ml][training]") {
    // The first outputs of the published xoshiro256** after splitmix64 of the seed 0.
    Random random(0);
    CHECK(random.next() == 0x99ec5f36cb75f2b4ULL);
    CHECK(random.next() == 0xbf6e1f784956452aULL);
    CHECK(random.next() == 0x1a5f849d4933e6e0ULL);
}

TEST_CASE("random numbers below a bound are even, and a shuffle loses nothing", "[ml][training]") {
    Random random(1);
    std::array<int, 7> counts{};
    for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
    for (const int count : counts) CHECK(std::abs(count - 10'000) < 500); // 5 deviations
    double sum = 0.0;
    for (int i = 0; i < 10'000; ++i) {
        const double u = random.uniform();
        REQUIRE((u >= 0.0 && u < 1.0));
        sum += u;
    }
    CHECK(sum / 10'000 == Approx(0.5).margin(0.015));
    std::array<std::size_t, 100> values{};
    std::iota(values.begin(), values.end(), std::size_t{0});
    random.shuffle(values);
    CHECK_FALSE(std::ranges::is_sorted(values));
    std::ranges::sort(values);
    CHECK(values.front() == 0);
    CHECK(values.back() == 99);
}
