// Goal: samples become rows to train on: in order, with targets, and within bounds.
#include "pipeline/plan_of.hpp"

#include <holdfast/pipeline/samples.hpp>

#include <cmath>

using namespace holdfast;
using test::plan_of;

namespace {

const double kNone = std::nan("");
const std::string kBegin = "name: p\ndevice: d\ntime: t\nsignals: [v]\nalgorithm: linear\n";

void add(pipeline::Samples& to, const char* device, std::int64_t time, double value,
         double target) {
    REQUIRE(to.add(device, time, std::vector{value}, target));
}

} // namespace

TEST_CASE("rows are in order of time and device, whatever order they came in", "[pipeline]") {
    const auto plan = plan_of(kBegin + "target: {column: y}\n");
    pipeline::Samples samples(plan);
    add(samples, "z", 2000, 4, 40);
    add(samples, "a", 2000, 3, 30);
    add(samples, "z", 1000, 2, 20);
    add(samples, "a", 1000, 1, kNone);
    const auto rows = samples.rows();
    REQUIRE(rows);
    CHECK(rows.value().y == std::vector<double>{20, 30, 40});
    CHECK(rows.value().times == std::vector<std::int64_t>{1000, 2000, 2000});
    CHECK(rows.value().groups == std::vector<std::size_t>{1, 0, 1});
    CHECK(rows.value().devices == std::vector<std::string>{"a", "z"});
    CHECK(rows.value().x(2, 0) == 4);
    CHECK(rows.value().samples == 4);
    CHECK(rows.value().without_target == 1);
}

TEST_CASE("features look back at their own device only, also past rows without target",
          "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "target: {column: y}\n"
                              "features: [{kind: lag, samples: 1}]\n");
    pipeline::Samples samples(plan);
    add(samples, "a", 1, 10, kNone);
    add(samples, "b", 1, 20, 0);
    add(samples, "a", 2, 11, 1);
    add(samples, "b", 2, 21, 2);
    const auto rows = samples.rows();
    REQUIRE(rows);
    CHECK(std::isnan(rows.value().x(0, 0)));
    CHECK(rows.value().x(1, 0) == 10);
    CHECK(rows.value().x(2, 0) == 20);
}

TEST_CASE("remaining life counts down to each end and is held to its most", "[pipeline]") {
    const auto plan = plan_of(kBegin + "target: {end: failed, unit: 1s, at_most: 2s}\n");
    pipeline::Samples samples(plan);
    for (int i = 0; i <= 3; ++i) add(samples, "a", i * 1000, i, i == 3 ? 1 : 0);
    for (int i = 4; i <= 5; ++i) add(samples, "a", i * 1000, i, i == 5 ? 1 : 0); // a second life
    add(samples, "a", 6000, 6, 0); // nobody knows how long yet
    add(samples, "b", 1500, 0, 0);
    const auto rows = samples.rows();
    REQUIRE(rows);
    CHECK(rows.value().y == std::vector<double>{2, 2, 1, 0, 1, 0});
    CHECK(rows.value().without_target == 2);
}

TEST_CASE("a step's target is its newest, and an end in it counts", "[pipeline]") {
    const bool is_life = GENERATE(false, true);
    const auto plan = plan_of(kBegin + "cleanse: {step: 10s}\n" +
                              (is_life ? "target: {end: y, unit: 1s}\n" : "target: {column: y}\n"));
    pipeline::Samples samples(plan);
    add(samples, "a", 0, 1, 5);
    add(samples, "a", 9000, 3, 0);
    add(samples, "a", 12'000, 7, kNone);
    add(samples, "a", 20'000, 0, kNone);
    const auto rows = samples.rows();
    REQUIRE(rows);
    REQUIRE(rows.value().y == std::vector<double>{0});
    CHECK(rows.value().times == std::vector<std::int64_t>{9000});
    CHECK(rows.value().x(0, 0) == 2);
    CHECK(rows.value().without_target == 1);
}

TEST_CASE("more samples than there is room for are refused", "[pipeline]") {
    const auto plan = plan_of(kBegin +
                              "target: {column: y}\n"
                              "features: [{kind: mean, samples: [1, 2, 3, 4, 5, 6]}]\n");
    pipeline::Samples samples(plan, 8);
    add(samples, "a", 1, 1, 1);
    add(samples, "a", 2, 1, 1);
    const auto more = samples.add("a", 3, std::vector{1.0}, 1);
    REQUIRE(!more);
    CHECK(more.error().code == Errc::too_large);
    const auto rows = samples.rows(); // 2 x 6 features
    REQUIRE(!rows);
    CHECK(rows.error().context == "2 rows of 6 features: at most 8 values");
}

TEST_CASE("samples of which none has a target are refused", "[pipeline]") {
    const auto plan = plan_of(kBegin + "target: {column: y}\n");
    pipeline::Samples samples(plan);
    CHECK(!samples.rows());
    add(samples, "a", 1, 1, kNone);
    const auto rows = samples.rows();
    REQUIRE(!rows);
    CHECK(rows.error().context == "none of 1 rows has a target");
}
