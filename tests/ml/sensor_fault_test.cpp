// Goal: what the user of the sensor fault detector may rely on: a sensor that sticks, spikes or
// falls silent raises one alarm that names it, standing still does not, and whatever a device
// sends does no harm.
#include <holdfast/ml/sensor_fault.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <random>

using namespace holdfast;
using ml::Transition;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kWarmup = 300;
constexpr std::int64_t kSecondMs = 1000;
using Sample = std::array<double, 4>;

// A machine that runs for ten minutes and stands for five: speed, load, vibration and a temperature
// in whole degrees.
class Machine {
public:
    explicit Machine(unsigned seed = 3) : random_(seed) {}
    Sample next() {
        const bool is_running = step_++ % 900 < 600;
        heat_ += 0.01 * ((is_running ? 90.0 : 60.0) - heat_) + 0.2 * normal_(random_);
        if (!is_running) return {0.0, 0.0, 0.0, std::round(heat_)};
        return {1500.0 + 20.0 * normal_(random_), 40.0 + normal_(random_),
                0.3 + 0.1 * normal_(random_), std::round(heat_)};
    }

private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
    double heat_ = 75.0;
    int step_ = 0;
};

// A detector and its machine, sample after sample, one a second.
struct Line {
    ml::SensorFault detector{4};
    Machine machine;
    std::int64_t now_ms = 1'700'000'000'000;

    explicit Line(unsigned seed = 3) : machine(seed) {}
    template <typename Change>
    ml::Verdict step(Change change) {
        Sample sample = machine.next();
        change(sample);
        return detector.update(now_ms += kSecondMs, sample);
    }
    void run(int steps) {
        for (int i = 0; i < steps; ++i) step([](Sample&) {});
    }
    // The step of the first raise within so many, or -1.
    template <typename Change>
    int raised_within(int steps, Change change) {
        for (int i = 0; i < steps; ++i)
            if (step(change).transition == Transition::raised) return i;
        return -1;
    }
};

} // namespace

TEST_CASE("a machine that runs and stands by turns is left alone for hours", "[ml]") {
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    Line line(seed);
    line.run(2 * 900);
    int raises = 0;
    for (int i = 0; i < 20 * 900; ++i)
        raises += line.step([](Sample&) {}).transition == Transition::raised ? 1 : 0;
    CHECK(raises <= 1); // in five hours of its own noise
}

TEST_CASE("a sensor that sticks while the others move raises once and clears", "[ml]") {
    Line line;
    line.run(3 * 900 + 50);
    const int raised = line.raised_within(60, [](Sample& sample) { sample[0] = 1500.0; });
    REQUIRE(raised >= 0);
    CHECK(raised < 20);
    const ml::Explanation why = line.detector.explain();
    CHECK(why.signal == 0);
    CHECK(why.value > why.expected_high);
    CHECK(why.context.find("no change") == 0);
    int cleared = 0;
    for (int i = 0; i < 400; ++i) {
        const auto transition = line.step([](Sample&) {}).transition;
        CHECK(transition != Transition::raised);
        cleared += transition == Transition::cleared ? 1 : 0;
    }
    CHECK(cleared == 1);
}

TEST_CASE("spikes and a loose contact are noise of their sensor", "[ml]") {
    Line line;
    line.run(3 * 900 + 50);
    int at = 0;
    const int raised =
        line.raised_within(60, [&](Sample& sample) { sample[1] += at++ % 3 == 0 ? 100.0 : 0.0; });
    REQUIRE(raised >= 0);
    CHECK(raised < 20);
    CHECK(line.detector.explain().signal == 1);
    CHECK(line.detector.explain().context.find("mean step") == 0);
}

TEST_CASE("a pause far longer than any before raises when the sensor comes back", "[ml]") {
    Line line;
    line.run(3 * 900 + 50);
    SECTION("of one sensor") {
        for (int i = 0; i < 30; ++i)
            REQUIRE(line.step([](Sample& sample) { sample[1] = kNan; }).transition ==
                    Transition::none);
    }
    SECTION("of the device") {
        line.now_ms += 3'600 * kSecondMs;
    }
    CHECK(line.step([](Sample&) {}).transition == Transition::raised);
    CHECK(line.detector.explain().context.find("milliseconds") == 0);
}

TEST_CASE("a clock that was wrong is no pause", "[ml]") {
    Line line;
    line.run(3 * 900);
    const std::int64_t right_ms = line.now_ms;
    line.now_ms += 40LL * 86'400 * kSecondMs; // one sample from the future ...
    line.step([](Sample&) {});
    line.now_ms = right_ms; // ... and back
    for (int i = 0; i < 200; ++i) line.step([](Sample&) {});
    for (int i = 0; i < 2000; ++i)
        REQUIRE(line.step([](Sample&) {}).transition != Transition::raised);
}

TEST_CASE("constant, missing, huge and infinite values are no trouble", "[ml]") {
    const double odd =
        GENERATE(as<double>{}, kNan, kInfinity, -kInfinity, 1e300, -1e37, 1e-300, 0.0);
    CAPTURE(odd);
    ml::SensorFault detector(2);
    for (int step = 0; step < 3000; ++step) {
        const double value = step % 7 == 3 ? odd : 5.0;
        const auto verdict = detector.update(step * kSecondMs, std::array{value, odd});
        REQUIRE((verdict.score >= 0.0 && verdict.score < 1.0));
    }
    ml::SensorFault constant(1);
    for (int step = 0; step < 5000; ++step)
        REQUIRE(constant.update(step * kSecondMs, std::array{20.0}).score == 0.0);
}

TEST_CASE("a restored sensor fault detector goes on as the saved one", "[ml]") {
    for (const int saved_at : {0, 1, 200, kWarmup, 2800}) {
        CAPTURE(saved_at);
        Line one;
        const auto change = [](Sample& sample) { sample[3] += sample[1] > 41.0 ? 5.0 : 0.0; };
        one.run(saved_at);
        Line two = one;
        Bytes state;
        one.detector.save(state);
        two.detector = ml::SensorFault(4);
        REQUIRE(two.detector.restore(state));
        for (int i = 0; i < 1500; ++i) {
            const auto expected = one.step(change);
            const auto verdict = two.step(change);
            REQUIRE(verdict.score == expected.score);
            REQUIRE(verdict.transition == expected.transition);
        }
        Bytes left;
        Bytes right;
        one.detector.save(left);
        two.detector.save(right);
        CHECK(left == right);
    }
}

TEST_CASE("no cut-off or altered state of a sensor fault detector is taken", "[ml]") {
    Line line;
    line.run(500);
    Bytes state;
    line.detector.save(state);
    for (std::size_t size = 0; size < state.size(); ++size)
        REQUIRE(line.detector.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    Bytes longer = state;
    longer.push_back(std::byte{0});
    CHECK(line.detector.restore(longer).error().code == Errc::corrupt);
    CHECK(ml::SensorFault(2).restore(state).error().code == Errc::corrupt);
    // docs/format/models.md: every number that is none, or out of its bounds.
    const auto is_refused = [&](std::size_t at, std::byte value) {
        Bytes changed = state;
        changed[at] = value;
        return !ml::SensorFault(4).restore(changed);
    };
    CHECK(is_refused(0, std::byte{9}));     // version
    CHECK(is_refused(18, std::byte{3}));    // samples behind
    CHECK(is_refused(23, std::byte{2}));    // alarmed
    CHECK(is_refused(28, std::byte{0x7F})); // last value beyond 1e37
    CHECK(is_refused(48, std::byte{0xFF})); // surprise below 0
}
