// Goal: what a remaining-life model is to learn from is in the lives that are sent: they end, wear
// shows before, and the same seed gives the same. Method: machines without a server.
#include <load/wear/machine.hpp>
#include <load/wear/wear.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace holdfast::load;

namespace {

std::vector<WearSample> live(Machine machine) {
    std::vector<WearSample> samples;
    while (const auto sample = machine.next()) samples.push_back(*sample);
    return samples;
}

std::size_t failures_in(const std::vector<WearSample>& samples) {
    return static_cast<std::size_t>(std::ranges::count_if(samples, &WearSample::is_failed));
}

std::string story(const WearPlan& plan, std::size_t number) {
    std::string all;
    for (const WearSample& sample : live(Machine(plan, number))) all += to_json(sample, 0);
    return all;
}

// Mean vibration of `count` samples from `first` on.
double vibration_of(const std::vector<WearSample>& samples, std::size_t first, std::size_t count) {
    double sum = 0;
    for (std::size_t i = first; i < first + count; ++i) sum += samples[i].vibration;
    return sum / static_cast<double>(count);
}

} // namespace

TEST_CASE("a machine lives as often as planned and ends with a failure", "[load][wear]") {
    WearPlan plan;
    plan.lives = 3;
    const Machine machine(plan, 0);
    const auto samples = live(machine);
    CHECK(failures_in(samples) == 3);
    CHECK(samples.back().is_failed);
    CHECK(machine.samples_left() == samples.size());
    CHECK(samples.size() > 3 * 60);
    CHECK(samples.size() < 3 * 200);
}

TEST_CASE("a life under way has not ended", "[load][wear]") {
    WearPlan plan;
    plan.lives = 0;
    plan.has_life_ahead = true;
    for (std::size_t number = 0; number < 10; ++number) {
        const auto samples = live(Machine(plan, number));
        CHECK(failures_in(samples) == 0);
        CHECK(samples.size() > 2);
    }
    plan.lives = 1;
    const auto samples = live(Machine(plan, 0));
    CHECK(failures_in(samples) == 1);
    CHECK_FALSE(samples.back().is_failed);
}

TEST_CASE("wear shows before the failure, and is gone in the next life", "[load][wear]") {
    WearPlan plan;
    plan.lives = 2;
    for (std::size_t number = 0; number < 10; ++number) {
        const auto samples = live(Machine(plan, number));
        const auto first = std::ranges::find_if(samples, &WearSample::is_failed);
        const auto ended = static_cast<std::size_t>(first - samples.begin()) + 1;
        constexpr std::size_t kDay = 24; // whole days, so that the load's rhythm does not count
        const double as_new = vibration_of(samples, 0, kDay);
        const double worn = vibration_of(samples, ended - kDay, kDay);
        CHECK(worn > as_new + 1);
        CHECK(vibration_of(samples, ended, kDay) < worn - 1);
    }
}

TEST_CASE("the same seed gives the same lives, another seed or number others", "[load][wear]") {
    WearPlan plan;
    WearPlan other = plan;
    other.seed = 2;
    CHECK(story(plan, 3) == story(plan, 3));
    CHECK(story(plan, 3) != story(other, 3));
    CHECK(story(plan, 3) != story(plan, 4));
}

TEST_CASE("a sample is JSON with its event time, and says whether it was the last",
          "[load][wear]") {
    const WearSample sample{0.5, 61.25, 1.5, 8, true};
    CHECK(to_json(sample, 1'714'557'600'000) ==
          R"({"ts":1714557600000,"load":0.500,"temperature":61.25,"vibration":1.500,)"
          R"("current":8.000,"failed":1})");
}

TEST_CASE("machines are named so that topics stay topics", "[load][wear]") {
    WearPlan plan;
    CHECK(Machine(plan, 6).id() == "pump-07");
    CHECK(Machine(plan, 6).topic() == "pump/pump-07/state");
    for (const char* name : {"", "a/b", "a+", "#", "Pump"}) {
        CAPTURE(name);
        plan.name = name;
        REQUIRE_FALSE(check_plan(plan));
        CHECK(check_plan(plan).error().context.find("--name") != std::string::npos);
    }
    plan.name = "press_2";
    CHECK(check_plan(plan));
}

TEST_CASE("a plan without any life is refused before anything is dialled", "[load][wear]") {
    WearOptions options;
    options.plan.lives = 0;
    options.endpoint.host = "not a host";
    const auto refused = run_wear(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == holdfast::Errc::malformed);
    CHECK(refused.error().context.find("--under-way") != std::string::npos);
}

TEST_CASE("lives that would begin before 2000 are refused", "[load][wear]") {
    WearOptions options;
    options.devices = 1;
    options.plan.lives = 100; // of some 120 days
    options.step_s = 86'400;
    options.endpoint.host = "not a host";
    const auto refused = run_wear(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == holdfast::Errc::limit_exceeded);
    CHECK(refused.error().context.find("--step") != std::string::npos);
}
