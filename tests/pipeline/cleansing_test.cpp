// Goal: samples are cleaned as the pipeline says, one after the other.
#include <holdfast/pipeline/cleansing.hpp>

#include <catch2/catch.hpp>

#include <cmath>

using namespace holdfast;
using pipeline::Cleansing;
using pipeline::CleansingSettings;
using pipeline::Missing;

namespace {

const double kNone = std::nan("");

struct Out {
    std::int64_t time = 0;
    std::vector<double> values;
};

std::optional<Out> update(Cleansing& cleansing, std::int64_t time,
                          const std::vector<double>& sample) {
    std::vector<double> values(sample.size());
    const auto came = cleansing.update(time, sample, values);
    if (!came) return std::nullopt;
    return Out{*came, values};
}

} // namespace

TEST_CASE("what is outside its limits is missing or held to them", "[pipeline]") {
    const bool is_clipped = GENERATE(false, true);
    CleansingSettings settings;
    settings.limits = {{0.0, 10.0}, {}};
    settings.is_clipped = is_clipped;
    Cleansing cleansing(settings);
    CHECK(update(cleansing, 1, {10, 1e9})->values == std::vector{10.0, 1e9});
    const auto out = update(cleansing, 2, {11, -1e9});
    CHECK(out->values[1] == -1e9);
    if (is_clipped)
        CHECK(out->values[0] == 10);
    else
        CHECK(std::isnan(out->values[0]));
    CHECK(std::isnan(update(cleansing, 3, {kNone, HUGE_VAL})->values[0]));
    CHECK(std::isnan(update(cleansing, 4, {kNone, HUGE_VAL})->values[1]));
}

TEST_CASE("the samples of a step become their mean at its newest time", "[pipeline]") {
    CleansingSettings settings;
    settings.limits.resize(2);
    settings.step_ms = 100;
    Cleansing cleansing(settings);
    CHECK(!update(cleansing, 100, {1, kNone}));
    CHECK(!update(cleansing, 199, {2, kNone}));
    CHECK(!update(cleansing, 150, {6, kNone}));
    CHECK(!update(cleansing, 20, {7, kNone})); // late: of the step that is there
    const auto first = update(cleansing, 500, {8, 9});
    REQUIRE(first);
    CHECK(first->time == 199);
    CHECK(first->values[0] == 4);
    CHECK(std::isnan(first->values[1]));
    const auto second = update(cleansing, 600, {0, 0});
    REQUIRE(second);
    CHECK(second->time == 500);
    CHECK(second->values == std::vector{8.0, 9.0});
}

TEST_CASE("a missing value is dropped with its sample or filled with the last", "[pipeline]") {
    CleansingSettings settings;
    settings.limits.resize(2);
    settings.missing = Missing::drop;
    Cleansing dropping(settings);
    CHECK(!update(dropping, 1, {1, kNone}));
    CHECK(update(dropping, 2, {1, 2}));
    CleansingSettings filled = settings;
    filled.missing = Missing::last;
    Cleansing filling(filled);
    CHECK(std::isnan(update(filling, 1, {1, kNone})->values[1]));
    CHECK(update(filling, 2, {kNone, 2})->values == std::vector{1.0, 2.0});
    CHECK(update(filling, 3, {kNone, kNone})->values == std::vector{1.0, 2.0});
}
