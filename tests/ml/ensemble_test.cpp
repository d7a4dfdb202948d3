// Goal: what the user of the ensemble may rely on: one alarm whoever of its members raises, one
// clearing, a member that never rests loses its voice, and restarts change nothing.
#include <holdfast/ml/ensemble.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <random>

using namespace holdfast;
using ml::Transition;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
using Sample = std::array<double, 3>;

// A flow, the pressure that it makes, and a temperature on its own.
class Plant {
public:
    explicit Plant(unsigned seed = 9) : random_(seed) {}
    Sample next() {
        const double flow = 30.0 + normal_(random_);
        return {flow, 2.0 * flow + 0.2 * normal_(random_), 80.0 + normal_(random_)};
    }

private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
};

struct Line {
    ml::Ensemble detector{3};
    Plant plant;
    std::int64_t now_ms = 1'700'000'000'000;

    explicit Line(unsigned seed = 9) : plant(seed) {}
    template <typename Change>
    ml::Verdict step(Change change) {
        Sample sample = plant.next();
        change(sample);
        return detector.update(now_ms += 1000, sample);
    }
    // Raises within so many samples.
    template <typename Change>
    int raises(int steps, Change change) {
        int count = 0;
        for (int i = 0; i < steps; ++i)
            count += step(change).transition == Transition::raised ? 1 : 0;
        return count;
    }
};

const auto kNothing = [](Sample&) {};

} // namespace

TEST_CASE("an ensemble is quiet on noise", "[ml]") {
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U);
    Line line(seed);
    CHECK(line.raises(20'000, kNothing) == 0);
}

TEST_CASE("whatever is wrong raises one alarm that says what", "[ml]") {
    Line line;
    REQUIRE(line.raises(1500, kNothing) == 0);
    std::string context;
    std::size_t signal = 0;
    int raised = 0;
    int cleared = 0;
    const auto watch = [&](int steps, auto change) {
        for (int i = 0; i < steps; ++i) {
            const auto verdict = line.step(change);
            REQUIRE((verdict.score >= 0.0 && verdict.score < 1.0));
            cleared += verdict.transition == Transition::cleared ? 1 : 0;
            if (verdict.transition != Transition::raised) continue;
            ++raised;
            context = line.detector.explain().context;
            signal = line.detector.explain().signal;
        }
    };
    SECTION("levels that leave together") {
        int at = 0;
        watch(150, [&](Sample& sample) { // over a hundred samples, as the relation has it
            const double by = 5.0 * std::min(at++ / 100.0, 1.0);
            sample[0] += by, sample[1] += 2.0 * by;
        });
        CHECK(context.find("levels: ") == 0);
    }
    SECTION("a pressure that does not follow its flow") {
        watch(100, [](Sample& sample) { sample[1] += 2.5; });
        CHECK(context.find("relations: ") == 0);
        CHECK((signal == 0 || signal == 1)); // of two that disagree, either may be wrong
    }
    SECTION("a sensor that sticks") {
        watch(100, [](Sample& sample) { sample[2] = 80.0; });
        CHECK(context.find("sensor: no change") == 0);
        CHECK(signal == 2);
    }
    CHECK(raised == 1);
    watch(600, kNothing);
    CHECK(raised == 1);
    CHECK(cleared == 1);
    watch(60, [](Sample& sample) { sample[1] = 60.0; }); // armed again
    CHECK(raised == 2);
}

TEST_CASE("what never ends becomes how things are", "[ml]") {
    Line line;
    line.raises(1500, kNothing);
    const auto elsewhere = [](Sample& sample) {
        sample[0] += 8.0, sample[1] += 16.0, sample[2] += 9.0;
    };
    CHECK(line.raises(500, elsewhere) == 1);
    CHECK(line.detector.is_alarmed());
    line.raises(2000, elsewhere);
    CHECK_FALSE(line.detector.is_alarmed());
    CHECK(line.raises(100, [&](Sample& sample) { elsewhere(sample), sample[2] = 91.0; }) == 1);
}

TEST_CASE("missing and huge values do an ensemble no harm", "[ml]") {
    const double odd = GENERATE(as<double>{}, kNan, 1e300, -1e36, 0.0);
    CAPTURE(odd);
    Line line;
    for (int i = 0; i < 5000; ++i) {
        const auto verdict = line.step([&](Sample& sample) {
            sample[0] = i % 13 == 5 ? odd : sample[0];
            sample[2] = odd;
        });
        REQUIRE((verdict.score >= 0.0 && verdict.score < 1.0));
    }
}

TEST_CASE("a restored ensemble goes on as the saved one", "[ml]") {
    for (const int saved_at : {0, 1, 350, 700, 1600, 2600}) {
        CAPTURE(saved_at);
        Line one;
        int step = 0;
        const auto change = [&](Sample& sample) {
            if (step > 1500) sample[0] += 8.0, sample[2] += 9.0;
        };
        for (; step < saved_at; ++step) one.step(change);
        Bytes state;
        one.detector.save(state);
        Line two = one;
        two.detector = ml::Ensemble(3);
        REQUIRE(two.detector.restore(state));
        for (const int end = step + 500; step < end; ++step) {
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

TEST_CASE("no cut-off or altered state of an ensemble is taken", "[ml]") {
    Line line;
    line.raises(500, kNothing);
    Bytes state;
    line.detector.save(state);
    for (std::size_t size = 0; size < state.size(); ++size)
        REQUIRE(line.detector.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    Bytes longer = state;
    longer.push_back(std::byte{0});
    CHECK(line.detector.restore(longer).error().code == Errc::corrupt);
    CHECK(ml::Ensemble(2).restore(state).error().code == Errc::corrupt);
    for (const std::size_t at : {0U, 1U, 2U, 6U}) { // version, alarmed, a share, muted
        CAPTURE(at);
        Bytes changed = state;
        changed[at] = std::byte{0xC7};
        CHECK(line.detector.restore(changed).error().code == Errc::corrupt);
    }
}
