// Goal: what the user of the EWMA chart may rely on: quiet on noise and on slow drift, an alarm
// with the sensor where two sensors or one by far leave, sound on whatever a device sends.
#include <holdfast/ml/ewma_chart.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

using namespace holdfast;
using ml::Transition;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kWarmup = 400;
using Sample = std::array<double, 3>;

// A pressure, a temperature and a speed, each with a noise of its own.
class Plant {
public:
    explicit Plant(unsigned seed = 7) : random_(seed) {}
    Sample next() {
        return {5.0 + 0.1 * normal_(random_), 80.0 + normal_(random_),
                1500.0 + 20.0 * normal_(random_)};
    }

private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
};

void warm_up(ml::EwmaChart& chart, Plant& plant) {
    for (int step = 0; step < kWarmup; ++step) REQUIRE_FALSE(chart.update(plant.next()).is_warm);
}

} // namespace

TEST_CASE("noise raises nothing on the chart in twenty thousand samples", "[ml]") {
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    ml::EwmaChart chart(3);
    Plant plant(seed);
    warm_up(chart, plant);
    for (int step = 0; step < 20'000; ++step)
        REQUIRE(chart.update(plant.next()).transition == Transition::none);
}

TEST_CASE("two sensors that leave raise an alarm that names the worse, and clear back", "[ml]") {
    ml::EwmaChart chart(3);
    Plant plant;
    warm_up(chart, plant);
    int raised_at = -1;
    for (int step = 0; step < 60 && raised_at < 0; ++step) {
        Sample sample = plant.next();
        sample[0] += 0.3; // 3 deviations
        sample[1] -= 5.0; // 5 deviations
        if (chart.update(sample).transition == Transition::raised) raised_at = step;
    }
    REQUIRE(raised_at >= 0);
    CHECK(raised_at < 30);
    const ml::Explanation why = chart.explain();
    CHECK(why.signal == 1);
    CHECK(why.value < why.expected_low);
    CHECK(why.expected_low < 80.0);
    CHECK(why.expected_high > 80.0);
    CHECK(why.context == "moving average, as in the first 400 samples and drift since");
    int cleared = 0;
    for (int step = 0; step < 200; ++step)
        if (chart.update(plant.next()).transition == Transition::cleared) ++cleared;
    CHECK(cleared == 1);
    CHECK_FALSE(chart.is_alarmed());
}

TEST_CASE("a slow drift of a sensor is followed, a fast one is not", "[ml]") {
    const auto raises = [](double per_sample) {
        ml::EwmaChart chart(3);
        Plant plant;
        warm_up(chart, plant);
        bool is_raised = false;
        for (int step = 0; step < 4000; ++step) {
            Sample sample = plant.next();
            sample[1] += per_sample * step;
            is_raised |= chart.update(sample).transition == Transition::raised;
        }
        return is_raised;
    };
    CHECK_FALSE(raises(0.0005)); // 2 deviations in all
    CHECK(raises(0.01));
}

TEST_CASE("a glitch of one sensor raises nothing, however large", "[ml]") {
    const double glitch = GENERATE(1e3, -1e9, 1e99, 1e300, kInfinity);
    CAPTURE(glitch);
    ml::EwmaChart chart(3);
    Plant plant;
    warm_up(chart, plant);
    for (int step = 0; step < 2000; ++step) {
        Sample sample = plant.next();
        if (step % 200 == 100) sample[2] = glitch;
        const auto verdict = chart.update(sample);
        REQUIRE(verdict.transition == Transition::none);
        REQUIRE((verdict.score >= 0.0 && verdict.score < 0.5));
    }
}

TEST_CASE("a missing value leaves its signal where it was", "[ml]") {
    ml::EwmaChart chart(3);
    Plant plant;
    for (int step = 0; step < kWarmup; ++step) {
        Sample sample = plant.next();
        if (step % 3 != 0) sample[0] = kNan; // reports every third time
        chart.update(sample);
    }
    const auto at_first = chart.update({{kNan, kNan, kNan}}).score;
    for (int step = 0; step < 50; ++step)
        REQUIRE(chart.update({{kNan, kNan, kNan}}).score == Approx(at_first).margin(0.05));
    bool is_raised = false;
    for (int step = 0; step < 200; ++step) {
        Sample sample = plant.next();
        sample[0] = step % 3 == 0 ? 6.0 : kNan; // 10 deviations
        is_raised |= chart.update(sample).transition == Transition::raised;
    }
    CHECK(is_raised);
    CHECK(chart.explain().signal == 0);
}

TEST_CASE("a sensor that was silent or constant in the warm-up does no harm", "[ml]") {
    ml::EwmaChart chart(3);
    Plant plant;
    const auto sample = [&](double silent, double constant) {
        return Sample{silent, constant, plant.next()[2]};
    };
    for (int step = 0; step < kWarmup; ++step) chart.update(sample(kNan, 20.0));
    for (int step = 0; step < 500; ++step) // the silent one comes, the constant one trembles
        REQUIRE(chart.update(sample(1e6, 20.0 + 0.01 * (step % 2))).transition == Transition::none);
    bool is_raised = false;
    for (int step = 0; step < 50; ++step)
        is_raised |= chart.update(sample(1e6, 21.0)).transition == Transition::raised;
    CHECK(is_raised);
    CHECK(chart.explain().signal == 1);
}

TEST_CASE("a chart of which nothing can be judged stays quiet", "[ml]") {
    ml::EwmaChart chart(2);
    for (int step = 0; step < 2 * kWarmup; ++step)
        REQUIRE(chart.update(std::array{kNan, kNan}).score == 0.0);
    for (int step = 0; step < 100; ++step)
        REQUIRE(chart.update(std::array{1.0 * step, -1e90}).transition == Transition::none);
}

TEST_CASE("a restored chart goes on as the saved one", "[ml]") {
    for (const int saved_at : {0, 1, 200, kWarmup - 1, kWarmup, 600}) {
        CAPTURE(saved_at);
        ml::EwmaChart one(3);
        Plant plant;
        const auto sample = [&](int step) {
            Sample values = plant.next();
            if (step % 7 == 0) values[1] = kNan;
            if (step > 550) values[0] += 0.5, values[2] += 100.0;
            return values;
        };
        for (int step = 0; step < saved_at; ++step) one.update(sample(step));
        Bytes state;
        one.save(state);
        ml::EwmaChart two(3);
        REQUIRE(two.restore(state));
        for (int step = saved_at; step < saved_at + 500; ++step) {
            const Sample values = sample(step);
            const auto expected = one.update(values);
            const auto verdict = two.update(values);
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

TEST_CASE("a state from before averages were pruned is read", "[ml]") {
    const int saved_at = GENERATE(20, 600); // not pruned yet; fitted
    ml::EwmaChart one(3);
    Plant plant;
    for (int step = 0; step < saved_at; ++step) one.update(plant.next());
    Bytes state;
    one.save(state);
    REQUIRE(state[0] == std::byte{3});
    state[0] = std::byte{2};
    ml::EwmaChart two(3);
    REQUIRE(two.restore(state));
    for (int step = 0; step < 500; ++step) {
        const Sample values = plant.next();
        REQUIRE(one.update(values).score == two.update(values).score);
    }
}

// Goal: what is pruned would never have counted. Method: limits from all averages, by definition.
TEST_CASE("control limits are those of all averages of the warm-up", "[ml]") {
    const auto shape =
        GENERATE(range(0, 5)); // even, falling from far off, walking, drifting, steps
    const double offset = GENERATE(as<double>{}, 0.0, -100.0);
    CAPTURE(shape, offset);
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    ml::EwmaChartSettings settings;
    ml::EwmaChart chart(2, settings);
    std::vector<double> values;
    double walk = 0.0;
    for (int i = 0; i < kWarmup; ++i) {
        walk += normal(random);
        const double noise = normal(random);
        values.push_back(offset + (shape == 0   ? noise
                                   : shape == 1 ? 30.0 * std::exp(-i / 20.0) + 0.1 * noise
                                   : shape == 2 ? walk
                                   : shape == 3 ? 0.05 * i + noise
                                                : (i < 25 ? 8.0 : 0.0) + std::round(noise)));
        chart.update(std::array{values.back(), values.back()});
    }
    double mean = 0.0;
    for (const double value : values) mean += (value - values[0]) / kWarmup;
    double squares = 0.0;
    for (const double value : values) squares += std::pow(value - values[0] - mean, 2);
    const double scale = std::sqrt(squares / (kWarmup - 1));
    std::vector<double> sizes;
    double average = 0.0;
    double start = 1.0;
    for (const double value : values) {
        average += settings.smoothing * (value - values[0] - average);
        start *= 1.0 - settings.smoothing;
        const double share = start > 0.05 ? 1.0 - start : 1.0;
        sizes.push_back(std::abs(average - mean * share) / scale);
    }
    std::ranges::sort(sizes, std::greater<>());
    const double noise_limit = 2.576 * std::sqrt(settings.smoothing / (2 - settings.smoothing));
    const double limit = std::clamp(sizes[3], noise_limit, 10.0);
    const auto signal = chart.explain().signals[0];
    CHECK((signal.expected_high - signal.expected_low) / 2 / scale == Approx(limit).epsilon(1e-5));
}

TEST_CASE("no cut-off or altered state of a chart is taken", "[ml]") {
    const int saved_at = GENERATE(100, 500);
    ml::EwmaChart chart(3);
    Plant plant;
    for (int step = 0; step < saved_at; ++step) chart.update(plant.next());
    Bytes state;
    chart.save(state);
    for (std::size_t size = 0; size < state.size(); ++size)
        REQUIRE(chart.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    Bytes longer = state;
    longer.push_back(std::byte{0});
    CHECK(chart.restore(longer).error().code == Errc::corrupt);
    CHECK(ml::EwmaChart(2).restore(state).error().code == Errc::corrupt); // of other signals
    // docs/format/models.md: version, m, fitted; then alarmed, judged, (mean, scale, limit,
    // average) of each signal.
    const auto is_refused = [&](std::size_t at, std::uint64_t value, std::size_t bytes) {
        Bytes changed = state;
        for (std::size_t i = 0; i < bytes; ++i)
            changed[at + i] = static_cast<std::byte>(value >> (8 * (bytes - 1 - i)));
        return !ml::EwmaChart(3).restore(changed);
    };
    CHECK(is_refused(0, 9, 1));
    CHECK(is_refused(2, 3, 1));
    CHECK(is_refused(0, 2, 1) == (saved_at == 100)); // pruned is nothing of version 2
    if (saved_at < kWarmup) {
        CHECK(is_refused(3, 400, 4));                    // would be fitted
        CHECK(is_refused(7, 101, 4));                    // more values than samples
        CHECK(is_refused(11, 0x7FF0'0000'0000'0000, 8)); // infinite first value
        CHECK(is_refused(27, 0xBFF0'0000'0000'0000, 8)); // squares below 0
        CHECK(is_refused(43, 5, 1));                     // more extremes than are kept
        CHECK(is_refused(44, 0x7F80'0000, 4));           // infinite average
        CHECK(is_refused(44, 0xFF7F'0000, 4));           // the highest is the lowest
    } else {
        CHECK(is_refused(3, 2, 1));
        CHECK(is_refused(12, 0x7FF8'0000'0000'0000, 8)); // mean NaN
        CHECK(is_refused(20, 0, 8));                     // no deviation
        CHECK(is_refused(28, 0x0000'0000'0000'0001, 8)); // a limit that all is infinitely beyond
        CHECK(is_refused(28, 0xBFF0'0000'0000'0000, 8)); // limit -1
        CHECK(is_refused(36, 0x4034'0000'0000'0000, 8)); // average 20
    }
    Bytes after;
    chart.save(after);
    CHECK(after == state);
}
