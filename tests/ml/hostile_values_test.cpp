// Goal: values that no sensor gives, and states that nobody saved, change nothing for the samples
// that follow. Method: compare with a detector that never saw them.
#include <holdfast/ml/ewma_pca.hpp>
#include <holdfast/ml/seasonal_range.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <random>

using namespace holdfast;

namespace {

constexpr std::int64_t kStepMs = 600'000; // 10 minutes
constexpr int kDaySteps = 144;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double daily(int step) {
    return 20.0 + 5.0 * std::sin(6.283185307179586 * step / kDaySteps);
}

// Two signals that move together, each with a noise of its own.
class Pair {
public:
    std::array<double, 2> next() {
        const double common = normal_(random_);
        return {10.0 + common + 0.1 * normal_(random_),
                -3.0 + 2.0 * common + 0.1 * normal_(random_)};
    }

private:
    std::mt19937_64 random_{7};
    std::normal_distribution<double> normal_;
};

} // namespace

TEST_CASE("a value that is none leaves the seasonal detector as it was", "[ml]") {
    ml::SeasonalRange clean;
    ml::SeasonalRange other;
    for (int step = 0; step < 6 * kDaySteps; ++step) {
        const auto expected = clean.update(step * kStepMs, daily(step));
        for (const double value : {kNan, kInfinity, -kInfinity, 1e300, -1e300})
            if (step % 40 == 3) {
                CHECK(other.update(step * kStepMs, value).transition == ml::Transition::none);
            }
        const auto verdict = other.update(step * kStepMs, daily(step));
        REQUIRE(verdict.score == expected.score);
        REQUIRE(verdict.transition == expected.transition);
    }
    Bytes one;
    Bytes two;
    clean.save(one);
    other.save(two);
    CHECK(one == two);
}

TEST_CASE("a constant signal is quiet for the seasonal detector, its first departure is not",
          "[ml]") {
    const double value = GENERATE(4.5, 4.1, 0.0, -20.0, 1e-300);
    CAPTURE(value);
    ml::SeasonalRange detector;
    for (int step = 0; step < 10 * kDaySteps; ++step)
        REQUIRE(detector.update(step * kStepMs, value).score == 0.0);
    CHECK_FALSE(detector.is_alarmed());
    ml::SeasonalRange noisy = detector;
    CHECK(noisy.update(10 * kDaySteps * kStepMs, value * 1.0001).score == 0.0);
    const auto verdict = detector.update(10 * kDaySteps * kStepMs, value + 1.0);
    CHECK(verdict.score > 0.5);
    CHECK(verdict.transition == ml::Transition::raised);
}

TEST_CASE("a signal that moved by next to nothing still gets a score", "[ml]") {
    ml::SeasonalRange detector;
    for (int step = 0; step < 5 * kDaySteps; ++step)
        detector.update(step * kStepMs, step % 2 == 0 ? 0.0 : 5e-324);
    const double score = detector.update(5 * kDaySteps * kStepMs, -3.5).score;
    CHECK(score > 0.5);
    CHECK(score <= 1.0);
}

TEST_CASE("a value at the edge of what counts survives the round trip", "[ml]") {
    ml::SeasonalRange detector;
    for (int step = 0; step < 5 * kDaySteps; ++step)
        detector.update(step * kStepMs, step % 7 == 0 ? 1e37 : -1e37);
    Bytes state;
    detector.save(state);
    ml::SeasonalRange again;
    REQUIRE(again.restore(state));
    for (int step = 5 * kDaySteps; step < 6 * kDaySteps; ++step) {
        const double score = detector.update(step * kStepMs, daily(step)).score;
        REQUIRE(std::isfinite(score));
        REQUIRE(again.update(step * kStepMs, daily(step)).score == score);
    }
}

TEST_CASE("no cut-off state is taken, and the detector stays what it was", "[ml]") {
    ml::SeasonalRange seasonal;
    ml::EwmaPca relation(2, {.warmup_samples = 30});
    Pair source;
    for (int step = 0; step < 2 * kDaySteps; ++step) {
        seasonal.update(step * kStepMs, daily(step));
        relation.update(source.next());
    }
    const auto refuse_all_prefixes = [](auto& detector) {
        Bytes before;
        detector.save(before);
        for (std::size_t size = 0; size < before.size(); ++size)
            REQUIRE(detector.restore(ByteView(before).first(size)).error().code == Errc::corrupt);
        Bytes longer = before;
        longer.push_back(std::byte{0});
        CHECK(detector.restore(longer).error().code == Errc::corrupt);
        Bytes after;
        detector.save(after);
        CHECK(after == before);
    };
    refuse_all_prefixes(relation);
    refuse_all_prefixes(seasonal);
}

TEST_CASE("one sample from the far future does not stop the seasonal detector", "[ml]") {
    for (const std::int64_t future_ms :
         {std::int64_t{4'102'444'800'000}, std::numeric_limits<std::int64_t>::max()}) {
        ml::SeasonalRange detector;
        int step = 0;
        for (; step < 6 * kDaySteps; ++step) detector.update(step * kStepMs, daily(step));
        detector.update(future_ms, daily(step));
        bool is_raised = false;
        for (; step < 12 * kDaySteps; ++step)
            is_raised |=
                detector.update(step * kStepMs, daily(step)).transition == ml::Transition::raised;
        CHECK_FALSE(is_raised); // it goes on by the time of day
        for (int i = 0; i < 20; ++i, ++step)
            is_raised |= detector.update(step * kStepMs, daily(step) + 15.0).transition ==
                         ml::Transition::raised;
        CHECK(is_raised);
        Bytes state;
        detector.save(state);
        CHECK(ml::SeasonalRange().restore(state).has_value());
    }
}

TEST_CASE("late samples do not turn the seasonal detector's time back", "[ml]") {
    ml::SeasonalRange clean;
    ml::SeasonalRange other;
    for (int step = 0; step < 6 * kDaySteps; ++step) {
        clean.update(step * kStepMs, daily(step));
        clean.update(step * kStepMs, daily(step));
        other.update(step * kStepMs, daily(step));
        other.update((step - 2 * kDaySteps) * kStepMs, daily(step)); // alone among the others
    }
    const auto expected = clean.update(6 * kDaySteps * kStepMs, 40.0);
    CHECK(other.update(6 * kDaySteps * kStepMs, 40.0).score == expected.score);
}

TEST_CASE("a time before 1970 is a day like any other", "[ml]") {
    ml::SeasonalRange before;
    ml::SeasonalRange after;
    for (int step = 0; step < 6 * kDaySteps; ++step) {
        const auto expected = after.update(step * kStepMs, daily(step));
        const auto verdict = before.update((step - 3 * kDaySteps) * kStepMs, daily(step));
        REQUIRE(verdict.score == expected.score);
    }
}

TEST_CASE("a saved state with a number changed to nonsense is refused", "[ml]") {
    ml::SeasonalRange detector;
    for (int step = 0; step < 6 * kDaySteps; ++step) detector.update(step * kStepMs, daily(step));
    Bytes state;
    detector.save(state);
    // docs/format/models.md: version, three times, samples, low, high, debt, alarmed, behind,
    // bands.
    constexpr std::size_t kLastMs = 9;
    constexpr std::size_t kHigh = 41;
    constexpr std::size_t kAlarmed = 57;
    constexpr std::size_t kFirstBandLow = 64;
    const auto is_refused = [&](std::size_t at, std::uint64_t value, std::size_t bytes) {
        Bytes changed = state;
        for (std::size_t i = 0; i < bytes; ++i)
            changed[at + i] = static_cast<std::byte>(value >> (8 * (bytes - 1 - i)));
        const auto restored = ml::SeasonalRange().restore(changed);
        return restored.has_error() && restored.error().code == Errc::corrupt;
    };
    CHECK(is_refused(0, 9, 1));                           // a version of another time
    CHECK(is_refused(kLastMs, 0x7FFF'FFFF'FFFF'FFFF, 8)); // past the year 9999
    CHECK(is_refused(kLastMs, 0x8000'0000'0000'0000, 8)); // before the year 1
    CHECK(is_refused(kHigh, 0x7FF0'0000'0000'0000, 8));   // infinite
    CHECK(is_refused(kHigh, 0xC08F'4000'0000'0000, 8));   // -1000: below the lowest
    CHECK(is_refused(kAlarmed, 2, 1));
    CHECK(is_refused(kAlarmed + 1, 3, 1));
    CHECK(is_refused(kFirstBandLow - 5, 8, 1));           // more days than a band keeps
    CHECK(is_refused(kFirstBandLow - 4, 0x7FFF'FFFF, 4)); // a day that no calendar has
    CHECK(is_refused(kFirstBandLow, 0x7FC0'0000, 4));     // NaN
    CHECK(is_refused(kFirstBandLow, 0x7F00'0000, 4));     // above its own high end
    CHECK(ml::SeasonalRange().restore(state).has_value());
}

TEST_CASE("normal noise raises nothing in ten thousand samples", "[ml]") {
    ml::EwmaPca detector(2);
    Pair source;
    for (int step = 0; step < 10'000; ++step)
        REQUIRE(detector.update(source.next()).transition == ml::Transition::none);
    // One signal alone moves by what is common to both: each is in its range, the pair is not.
    bool is_raised = false;
    for (int step = 0; step < 6; ++step) {
        auto values = source.next();
        values[1] = -3.0 - 2.0 * (values[0] - 10.0) + 4.0;
        is_raised |= detector.update(values).transition == ml::Transition::raised;
    }
    CHECK(is_raised);
}

TEST_CASE("huge values neither break the state of the relation detector nor stay in it", "[ml]") {
    ml::EwmaPca detector(2);
    Pair source;
    for (int step = 0; step < 300; ++step) detector.update(source.next());
    for (const double value : {1e300, -1e300, 1e99, kInfinity, kNan}) {
        auto values = source.next();
        values[0] = value;
        CHECK(std::isfinite(detector.update(values).score));
    }
    Bytes state;
    detector.save(state);
    ml::EwmaPca again(2);
    REQUIRE(again.restore(state));
    double last = 1.0;
    for (int step = 0; step < 200; ++step) {
        const auto values = source.next();
        last = detector.update(values).score;
        REQUIRE(again.update(values).score == last);
    }
    CHECK(last < 0.5);
    CHECK_FALSE(detector.is_alarmed());
    CHECK(ml::EwmaPca(3).restore(state).error().code == Errc::corrupt);
}
