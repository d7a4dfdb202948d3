// Goal: quantiles are never below the truth, at most 1/64 above it, and merge like counts.
#include <load/histogram.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

using holdfast::load::Histogram;

TEST_CASE("an empty histogram says 0 for everything", "[load][histogram]") {
    const auto histogram = std::make_unique<Histogram>();
    CHECK(histogram->count() == 0);
    CHECK(histogram->max_ns() == 0);
    CHECK(histogram->at_quantile_ns(0.99) == 0);
}

TEST_CASE("small values are exact", "[load][histogram]") {
    const auto histogram = std::make_unique<Histogram>();
    for (std::uint64_t value = 1; value <= 100; ++value) histogram->record(value);
    CHECK(histogram->at_quantile_ns(0) == 1);
    CHECK(histogram->at_quantile_ns(0.5) == 50);
    CHECK(histogram->at_quantile_ns(0.99) == 99);
    CHECK(histogram->at_quantile_ns(1) == 100);
}

TEST_CASE("a quantile is at most 1/64 above the exact one", "[load][histogram]") {
    const auto histogram = std::make_unique<Histogram>();
    std::vector<std::uint64_t> values;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        const std::uint64_t value = (i * 2'654'435'761ULL) % (1ULL << (8 + i % 30));
        values.push_back(value);
        histogram->record(value);
    }
    std::sort(values.begin(), values.end());
    for (const double quantile : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        CAPTURE(quantile);
        const auto rank =
            static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(values.size())));
        const std::uint64_t exact = values[rank - 1];
        const std::uint64_t found = histogram->at_quantile_ns(quantile);
        CHECK(found >= exact);
        CHECK(found <= exact + exact / 64 + 1);
    }
    CHECK(histogram->max_ns() == values.back());
}

TEST_CASE("a value past the range counts as the greatest", "[load][histogram]") {
    const auto histogram = std::make_unique<Histogram>();
    histogram->record(~0ULL);
    CHECK(histogram->count() == 1);
    CHECK(histogram->max_ns() == Histogram::kMaxNs);
    CHECK(histogram->at_quantile_ns(1) == Histogram::kMaxNs);
}

TEST_CASE("merging adds counts and keeps the greatest", "[load][histogram]") {
    const auto one = std::make_unique<Histogram>();
    const auto other = std::make_unique<Histogram>();
    one->record(10, 3);
    other->record(1'000'000);
    one->merge(*other);
    CHECK(one->count() == 4);
    CHECK(one->at_quantile_ns(0.75) == 10);
    CHECK(one->max_ns() == 1'000'000);
}
