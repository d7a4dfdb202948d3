// Goal: what the user of the regression of signals on each other may rely on: a signal that stops
// following the others raises an alarm that names it and what was expected; noise, unknown regions
// and odd values do not. The residual is also compared with a plain solution of least squares.
#include <holdfast/ml/rls.hpp>

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
using Sample = std::array<double, 3>;

// The third signal is 2 a - b, give or take a little.
class Plant {
public:
    explicit Plant(unsigned seed = 5) : random_(seed) {}
    Sample next() {
        level_ = 0.98 * level_ + normal_(random_);
        const double a = 10.0 + level_;
        const double b = 100.0 + 3.0 * normal_(random_);
        return {a, b, 2.0 * a - b + 0.1 * normal_(random_)};
    }

private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
    double level_ = 0.0;
};

void run(ml::Rls& rls, Plant& plant, int steps) {
    for (int i = 0; i < steps; ++i) rls.update(plant.next());
}

} // namespace

TEST_CASE("signals that keep their relation raise nothing in twenty thousand samples", "[ml]") {
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    ml::Rls rls(3);
    Plant plant(seed);
    run(rls, plant, 600);
    for (int step = 0; step < 20'000; ++step)
        REQUIRE(rls.update(plant.next()).transition == Transition::none);
}

TEST_CASE("a signal within its range that leaves the others raises and is named", "[ml]") {
    ml::Rls rls(3);
    Plant plant;
    run(rls, plant, 1500);
    const auto broken = [&] {
        Sample sample = plant.next();
        sample[2] += 3.0; // its own deviation is ten
        return sample;
    };
    int raised_at = -1;
    Sample at{};
    for (int step = 0; step < 40 && raised_at < 0; ++step) {
        at = broken();
        if (rls.update(at).transition == Transition::raised) raised_at = step;
    }
    REQUIRE(raised_at >= 0);
    const ml::Explanation why = rls.explain();
    CHECK(why.signal == 2);
    CHECK(why.value == Approx(at[2]));
    const double expected = (why.expected_low + why.expected_high) / 2.0;
    CHECK(expected == Approx(2.0 * at[0] - at[1]).margin(1.5)); // some of it may be learnt
    CHECK(why.value > why.expected_high);
    CHECK(why.context == "as the other signals have it");
}

TEST_CASE("the expectation is that of least squares", "[ml]") {
    // Of 2,000 samples with hardly any forgetting; normal equations with the true relation.
    ml::Rls rls(3, {.memory = 1e6});
    Plant plant;
    run(rls, plant, 2000);
    Sample sample = plant.next();
    const double likely = 2.0 * sample[0] - sample[1];
    sample[2] = likely + 30.0;
    rls.update(sample);
    const ml::Explanation why = rls.explain();
    REQUIRE(why.signal == 2);
    CHECK((why.expected_low + why.expected_high) / 2.0 == Approx(likely).margin(0.3));
}

TEST_CASE("a missing value stands for what the others make of it", "[ml]") {
    ml::Rls rls(3);
    Plant plant;
    run(rls, plant, 1500);
    for (int step = 0; step < 2000; ++step) {
        Sample sample = plant.next();
        sample[static_cast<std::size_t>(step) % 3] = kNan;
        REQUIRE(rls.update(sample).transition == Transition::none);
    }
    REQUIRE(rls.update({{kNan, kNan, kNan}}).score == 0.0);
}

TEST_CASE("a glitch is not learnt", "[ml]") {
    const double glitch = GENERATE(1e6, -1e20, 1e36);
    CAPTURE(glitch);
    ml::Rls rls(3);
    Plant plant;
    run(rls, plant, 1500);
    Sample sample = plant.next();
    sample[1] = glitch;
    rls.update(sample);
    run(rls, plant, 500);
    CHECK_FALSE(rls.is_alarmed());
    bool is_raised = false;
    for (int step = 0; step < 100; ++step) {
        sample = plant.next();
        sample[2] += 20.0;
        is_raised |= rls.update(sample).transition == Transition::raised;
    }
    CHECK(is_raised);
}

TEST_CASE("constant, equal, missing and infinite signals do the regression no harm", "[ml]") {
    const double odd = GENERATE(as<double>{}, kNan, kInfinity, 1e300, -1e37, 1e-300, 0.0, 7.0);
    CAPTURE(odd);
    ml::Rls rls(4);
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    for (int step = 0; step < 20'000; ++step) {
        const double a = normal(random);
        const auto verdict = rls.update(std::array{a, a, step % 11 == 3 ? odd : 7.0, odd});
        REQUIRE((verdict.score >= 0.0 && verdict.score < 1.0));
    }
}

TEST_CASE("a signal that was never there begins whenever it comes", "[ml]") {
    ml::Rls rls(3);
    Plant plant;
    const auto without = [&] {
        Sample sample = plant.next();
        sample[1] = kNan;
        return sample;
    };
    for (int step = 0; step < 1000; ++step) rls.update(without());
    for (int step = 0; step < 2000; ++step) {
        const auto verdict = rls.update(plant.next());
        REQUIRE((verdict.score >= 0.0 && verdict.score < 1.0));
    }
    CHECK_FALSE(rls.is_alarmed());
}

TEST_CASE("a restored regression goes on as the saved one", "[ml]") {
    for (const int saved_at : {0, 1, 99, 400, 1500}) {
        CAPTURE(saved_at);
        ml::Rls one(3);
        Plant plant;
        const auto sample = [&](int step) {
            Sample values = plant.next();
            if (step % 7 == 0) values[1] = kNan;
            if (step > 1550) values[2] += 3.0;
            return values;
        };
        for (int step = 0; step < saved_at; ++step) one.update(sample(step));
        Bytes state;
        one.save(state);
        ml::Rls two(3);
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

TEST_CASE("no cut-off or altered state of a regression is taken", "[ml]") {
    ml::Rls rls(3);
    Plant plant;
    run(rls, plant, 500);
    Bytes state;
    rls.save(state);
    for (std::size_t size = 0; size < state.size(); ++size)
        REQUIRE(rls.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    Bytes longer = state;
    longer.push_back(std::byte{0});
    CHECK(rls.restore(longer).error().code == Errc::corrupt);
    CHECK(ml::Rls(2).restore(state).error().code == Errc::corrupt);
    const auto is_refused = [&](std::size_t at, std::byte value) {
        Bytes changed = state;
        changed[at] = value;
        return !ml::Rls(3).restore(changed);
    };
    CHECK(is_refused(0, std::byte{9}));              // version
    CHECK(is_refused(10, std::byte{0xC0}));          // a weight below 0
    CHECK(is_refused(18, std::byte{2}));             // alarmed
    CHECK(is_refused(23, std::byte{2}));             // seen
    CHECK(is_refused(24, std::byte{0x7F}));          // a mean beyond all values
    CHECK(is_refused(32, std::byte{0xBF}));          // a variance below 0
    CHECK(is_refused(23 + 3 * 29, std::byte{0xBF})); // an inverse that is not positive
}
