#include <holdfast/ml/ewma_pca.hpp>
#include <holdfast/ml/seasonal_range.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace holdfast;

namespace {

constexpr std::int64_t kStepMs = 300'000; // 5 minutes
constexpr int kDaySteps = 288;

double daily(int step) {
    return 50.0 + 20.0 * std::sin(6.283185307179586 * step / kDaySteps);
}

// Days of the rhythm alone; how many alarms it raised.
int learn(ml::SeasonalRange& detector, int steps) {
    int raised = 0;
    for (int step = 0; step < steps; ++step)
        if (detector.update(step * kStepMs, daily(step)).transition == ml::Transition::raised)
            ++raised;
    return raised;
}

// Three signals, the second twice the first; `shift` breaks that.
std::array<double, 3> sample(int step, double shift = 0.0) {
    const double wave = std::sin(0.3 * step);
    return {wave, 2.0 * wave + 0.05 * std::cos(1.7 * step) + shift, 5.0};
}

} // namespace

TEST_CASE("a steady daily rhythm raises nothing") {
    ml::SeasonalRange detector;
    CHECK(learn(detector, 10 * kDaySteps) == 0);
}

TEST_CASE("a value normal at noon but not at this hour raises one alarm and explains it") {
    ml::SeasonalRange detector;
    const int from = 7 * kDaySteps + kDaySteps / 4; // the top of the wave
    REQUIRE(learn(detector, from) == 0);
    int raised = 0;
    for (int step = from; step < from + 36; ++step) {
        const auto verdict = detector.update(step * kStepMs, 32.0);
        CHECK((verdict.score >= 0.0 && verdict.score <= 1.0));
        if (verdict.transition != ml::Transition::raised) continue;
        ++raised;
        CHECK(detector.explain().value == 32.0);
        CHECK(detector.explain().expected_low > 32.0);
    }
    CHECK(raised == 1);
}

TEST_CASE("a restored seasonal detector goes on as the saved one") {
    ml::SeasonalRange one;
    learn(one, 5 * kDaySteps);
    Bytes state;
    one.save(state);
    ml::SeasonalRange two;
    REQUIRE(two.restore(state));
    for (int step = 5 * kDaySteps; step < 6 * kDaySteps; ++step) {
        const double value = daily(step) - (step % 50 == 0 ? 60.0 : 0.0);
        CHECK(one.update(step * kStepMs, value).score == two.update(step * kStepMs, value).score);
    }
    for (std::size_t size = 0; size < state.size(); size += 7)
        CHECK(two.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
}

TEST_CASE("a broken relation of signals raises an alarm that names the sensor") {
    ml::EwmaPca detector(3);
    for (int step = 0; step < 400; ++step)
        REQUIRE(detector.update(sample(step)).transition == ml::Transition::none);
    bool is_raised = false;
    for (int step = 400; step < 420 && !is_raised; ++step)
        is_raised = detector.update(sample(step, 4.0)).transition == ml::Transition::raised;
    REQUIRE(is_raised);
    CHECK(detector.explain().signal < 2); // one of the two that belong together
}

TEST_CASE("missing values neither raise nor poison the multi-sensor detector") {
    ml::EwmaPca detector(3);
    for (int step = 0; step < 400; ++step) {
        auto values = sample(step);
        if (step % 5 == 0) values[2] = std::numeric_limits<double>::quiet_NaN();
        const auto verdict = detector.update(values);
        REQUIRE(std::isfinite(verdict.score));
        REQUIRE(verdict.transition == ml::Transition::none);
    }
}

TEST_CASE("a restored multi-sensor detector goes on as the saved one") {
    for (const int saved_at : {40, 250}) { // within the warm-up and after it
        ml::EwmaPca one(3);
        for (int step = 0; step < saved_at; ++step) one.update(sample(step));
        Bytes state;
        one.save(state);
        ml::EwmaPca two(3);
        REQUIRE(two.restore(state));
        for (int step = saved_at; step < saved_at + 150; ++step)
            CHECK(one.update(sample(step)).score == two.update(sample(step)).score);
        for (std::size_t size = 0; size < state.size(); size += 3)
            CHECK(two.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    }
}
