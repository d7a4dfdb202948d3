// Goal: what the user of the context-range forest may rely on: quiet on a rhythm, one alarm with a
// reason where it is left, and sound on whatever a device sends. Method: made series, and where
// something must not matter a twin that never saw it.
#include <holdfast/ml/range_forest.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace holdfast;
using ml::Transition;

namespace {

constexpr std::int64_t kStepMs = 300'000; // 5 minutes
constexpr int kDaySteps = 288;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double daily(int step) {
    return 50.0 + 20.0 * std::sin(6.283185307179586 * step / kDaySteps);
}

bool raises(ml::RangeForest& detector, int step, double value) {
    return detector.update(step * kStepMs, value).transition == Transition::raised;
}

// Raises over steps of the rhythm alone.
int learn(ml::RangeForest& detector, int from, int to) {
    int raised = 0;
    for (int step = from; step < to; ++step)
        if (raises(detector, step, daily(step))) ++raised;
    return raised;
}

} // namespace

TEST_CASE("a daily rhythm with a little noise raises nothing once two days are known", "[ml]") {
    ml::RangeForest detector;
    std::mt19937_64 random(1);
    std::normal_distribution<double> noise(0.0, 0.1);
    int raised = 0;
    for (int step = 0; step < 30 * kDaySteps; ++step)
        if (raises(detector, step, daily(step) + noise(random)) && step >= 2 * kDaySteps) ++raised;
    CHECK(raised == 0);
}

TEST_CASE("a value normal at noon but not at this hour raises one alarm that says so", "[ml]") {
    ml::RangeForest detector;
    const int from = 7 * kDaySteps + kDaySteps / 4; // 06:00, the top of the wave
    learn(detector, 0, from);
    REQUIRE_FALSE(detector.is_alarmed());
    int raised = 0;
    for (int step = from; step < from + kDaySteps / 12; ++step) { // two hours
        const auto verdict = detector.update(step * kStepMs, 32.0);
        CHECK((verdict.score >= 0.0 && verdict.score <= 1.0));
        if (verdict.transition != Transition::raised) continue;
        ++raised;
        const ml::Explanation why = detector.explain();
        CHECK(why.value == 32.0);
        CHECK(why.expected_low > 60.0);
        CHECK(why.expected_high == Approx(70.0));
        CHECK(why.context == "earlier days about 06:00 to 07:00 UTC");
    }
    CHECK(raised == 1);
}

TEST_CASE("an alarm clears when the value is back, and a later one is raised again", "[ml]") {
    ml::RangeForest detector;
    int step = 5 * kDaySteps;
    learn(detector, 0, step);
    REQUIRE(raises(detector, step, 150.0));
    ++step;
    CHECK(detector.update(step * kStepMs, daily(step)).transition == Transition::cleared);
    // In the silence nothing is raised; after it, and with the one alarm as a handicap, it is.
    CHECK_FALSE(raises(detector, step + 1, 150.0));
    learn(detector, step + 2, step + 100);
    CHECK(raises(detector, step + 100, 200.0));
}

TEST_CASE("a departure that lasts raises once a day at most", "[ml]") {
    ml::RangeForest detector;
    const int from = 5 * kDaySteps;
    learn(detector, 0, from);
    int raised = 0;
    for (int step = from; step < from + 10 * kDaySteps; ++step)
        if (raises(detector, step, daily(step) + 30.0)) ++raised;
    CHECK(raised >= 1);
    CHECK(raised <= 3); // from the third day on it is what earlier days were
}

TEST_CASE("nothing is raised before the warm-up in samples and in time", "[ml]") {
    std::mt19937_64 random(3);
    std::uniform_real_distribution<double> wild(-1e6, 1e6);
    ml::RangeForest fast; // a sample a second: 12 hours of them
    for (int step = 0; step < 12 * 3600; ++step) {
        const auto verdict = fast.update(step * 1000LL, wild(random) * step);
        REQUIRE(verdict.transition == Transition::none);
        REQUIRE_FALSE(verdict.is_warm);
    }
    ml::RangeForest slow; // a sample a day
    for (int step = 0; step < 150; ++step)
        REQUIRE_FALSE(slow.update(step * 86'400'000LL, wild(random) * step).is_warm);
}

TEST_CASE("gaps of days and irregular sampling keep the rhythm's ranges", "[ml]") {
    ml::RangeForest detector;
    std::mt19937_64 random(5);
    int raised = 0;
    for (int step = 0; step < 40 * kDaySteps; step += 1 + static_cast<int>(random() % 9)) {
        if (step / kDaySteps % 7 >= 5) continue; // a device that rests at weekends
        if (raises(detector, step, daily(step)) && step > 5 * kDaySteps) ++raised;
    }
    CHECK(raised == 0);
    CHECK(raises(detector, 40 * kDaySteps + kDaySteps / 4, 32.0));
}

TEST_CASE("a value that is none leaves the range forest as it was", "[ml]") {
    ml::RangeForest clean;
    ml::RangeForest other;
    other.update(0, kNan); // even as the first
    for (int step = 0; step < 4 * kDaySteps; ++step) {
        const auto expected = clean.update(step * kStepMs, daily(step));
        for (const double value : {kNan, kInfinity, -kInfinity, 1e300, -1e300})
            if (step % 40 == 3)
                CHECK(other.update(step * kStepMs, value).transition == Transition::none);
        REQUIRE(other.update(step * kStepMs, daily(step)).score == expected.score);
    }
    Bytes one;
    Bytes two;
    clean.save(one);
    other.save(two);
    CHECK(one == two);
}

TEST_CASE("a constant signal is quiet for the range forest, its first departure is not", "[ml]") {
    const double value = GENERATE(4.5, 4.1, 0.0, -20.0, 1e-30, 1e37);
    CAPTURE(value);
    ml::RangeForest detector;
    for (int step = 0; step < 5 * kDaySteps; ++step)
        REQUIRE(detector.update(step * kStepMs, value).score == 0.0);
    ml::RangeForest noisy = detector;
    CHECK_FALSE(raises(noisy, 5 * kDaySteps, value * 0.9999));
    CHECK(raises(detector, 5 * kDaySteps, value / 2.0 + (value == 1e37 ? 0.0 : 1.0)));
}

TEST_CASE("one absurd value does not blind the range forest", "[ml]") {
    ml::RangeForest detector;
    int step = 5 * kDaySteps;
    learn(detector, 0, step);
    CHECK(raises(detector, step, 1e30));
    learn(detector, step + 1, step + 2 * kDaySteps);
    step += 2 * kDaySteps + kDaySteps / 4;
    CHECK(raises(detector, step, -60.0));
}

TEST_CASE("one sample from the far future does not stop the range forest", "[ml]") {
    for (const std::int64_t future_ms :
         {std::int64_t{4'102'444'800'000}, std::numeric_limits<std::int64_t>::max()}) {
        ml::RangeForest detector;
        int step = 5 * kDaySteps;
        learn(detector, 0, step);
        detector.update(future_ms, daily(step));
        CHECK(learn(detector, step, 8 * kDaySteps) == 0);
        CHECK(raises(detector, 8 * kDaySteps, -60.0));
        Bytes state;
        detector.save(state);
        CHECK(ml::RangeForest().restore(state).has_value());
    }
}

TEST_CASE("a time before 1970 is a day like any other for the range forest", "[ml]") {
    ml::RangeForest before;
    ml::RangeForest after;
    for (int step = 0; step < 4 * kDaySteps; ++step) {
        const double value = daily(step) + (step == 3 * kDaySteps ? 50.0 : 0.0);
        const auto expected = after.update(step * kStepMs, value);
        const auto verdict = before.update((step - 2 * kDaySteps) * kStepMs, value);
        REQUIRE(verdict.score == expected.score);
        REQUIRE(verdict.transition == expected.transition);
    }
}

TEST_CASE("a restored range forest goes on as the saved one", "[ml]") {
    for (const int saved_at : {0, 1, 100, kDaySteps, 5 * kDaySteps, 5 * kDaySteps + 20}) {
        const auto value = [](int step) { return daily(step) - (step % 50 == 0 ? 60.0 : 0.0); };
        ml::RangeForest one;
        for (int step = 0; step < saved_at; ++step) one.update(step * kStepMs, value(step));
        Bytes state;
        one.save(state);
        ml::RangeForest two;
        REQUIRE(two.restore(state));
        for (int step = saved_at; step < saved_at + 2 * kDaySteps; ++step) {
            const auto expected = one.update(step * kStepMs, value(step));
            const auto verdict = two.update(step * kStepMs, value(step));
            REQUIRE(verdict.score == expected.score);
            REQUIRE(verdict.transition == expected.transition);
        }
        Bytes left;
        Bytes right;
        one.save(left);
        two.save(right);
        CHECK(left == right);
    }
}

TEST_CASE("no cut-off or altered state of a range forest is taken", "[ml]") {
    ml::RangeForest detector;
    learn(detector, 0, 3 * kDaySteps);
    Bytes state;
    detector.save(state);
    for (std::size_t size = 0; size < state.size(); ++size)
        REQUIRE(detector.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    Bytes longer = state;
    longer.push_back(std::byte{0});
    CHECK(detector.restore(longer).error().code == Errc::corrupt);
    // docs/format/models.md: version, first, now, behind, samples, low, high, alarms, score,
    // silent, alarmed, bins.
    const auto is_refused = [&](std::size_t at, std::uint64_t value, std::size_t bytes) {
        Bytes changed = state;
        for (std::size_t i = 0; i < bytes; ++i)
            changed[at + i] = static_cast<std::byte>(value >> (8 * (bytes - 1 - i)));
        return !ml::RangeForest().restore(changed);
    };
    CHECK(is_refused(0, 9, 1));                      // a version of another time
    CHECK(is_refused(9, 0x7FFF'FFFF'FFFF'FFFF, 8));  // past the year 9999
    CHECK(is_refused(17, 3, 1));                     // would have set the clock right
    CHECK(is_refused(34, 0x7FF0'0000'0000'0000, 8)); // infinite high end
    CHECK(is_refused(34, 0xC08F'4000'0000'0000, 8)); // -1000: below the lowest
    CHECK(is_refused(42, 0xBFF0'0000'0000'0000, 8)); // -1 alarms
    CHECK(is_refused(50, 0x4000'0000'0000'0000, 8)); // a score of 2
    CHECK(is_refused(62, 2, 1));
    CHECK(is_refused(63, 101, 1));         // more days than are counted
    CHECK(is_refused(64, 0x7FFF'FFFF, 4)); // a day that no calendar has
    CHECK(is_refused(68, 0x7FC0'0000, 4)); // NaN
    Bytes after;
    detector.save(after);
    CHECK(after == state);
}
