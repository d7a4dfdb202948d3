// Goal: what the user of the level shift detector may rely on: a signal that moves to another
// level, or varies twice or half as much, raises one alarm that says which; outliers, drift and
// noise do not, and what lasts becomes normal.
#include <holdfast/ml/level_shift.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <limits>
#include <random>

using namespace holdfast;
using ml::Transition;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Sample = std::array<double, 2>;

// Two gauges that know nothing of each other.
struct Line {
    ml::LevelShift detector{2};
    std::mt19937_64 random;
    std::normal_distribution<double> normal;
    int raised = 0;
    int cleared = 0;
    ml::Explanation why; // of the last raise

    explicit Line(unsigned seed = 4) : random(seed) {}
    template <typename Change>
    void run(int steps, Change change) {
        for (int i = 0; i < steps; ++i) {
            const double a = normal(random);
            const double b = normal(random);
            const auto verdict = detector.update(change(a, b));
            REQUIRE((verdict.score >= 0.0 && verdict.score < 1.0));
            if (verdict.transition == Transition::raised) {
                ++raised;
                why = detector.explain();
            }
            cleared += verdict.transition == Transition::cleared ? 1 : 0;
        }
    }
};

const auto kUsual = [](double a, double b) { return Sample{5.0 + a, -1000.0 + 50.0 * b}; };

} // namespace

TEST_CASE("noise is no shift", "[ml]") {
    Line line(GENERATE(1U, 2U, 3U, 4U, 5U));
    line.run(20'000, kUsual);
    CHECK(line.raised == 0);
}

TEST_CASE("a new level raises once, clears, and is then the usual one", "[ml]") {
    Line line;
    line.run(2000, kUsual);
    line.run(20'000, [](double a, double b) { return Sample{5.0 + a, -800.0 + 50.0 * b}; });
    CHECK(line.raised == 1);
    CHECK(line.cleared == 1);
    CHECK(line.why.signal == 1);
    CHECK(line.why.value > line.why.expected_high);
    CHECK((line.why.expected_low < -1000.0 && line.why.expected_high > -1000.0));
    CHECK(line.why.context == "recent level, against the usual one");
    CHECK(line.detector.update(Sample{5.0, -800.0}).score < 0.1);
}

TEST_CASE("a change of variance either way is named", "[ml]") {
    const double times = GENERATE(4.0, 0.1);
    CAPTURE(times);
    Line line;
    line.run(2000, kUsual);
    line.run(200, [&](double a, double b) { return Sample{5.0 + times * a, -1000.0 + 50.0 * b}; });
    CHECK(line.raised == 1);
    CHECK(line.why.signal == 0);
    CHECK(line.why.context == "recent deviation, against the usual one");
    CHECK((times > 1.0 ? line.why.value > line.why.expected_high
                       : line.why.value < line.why.expected_low));
}

TEST_CASE("outliers and a slow drift are neither level nor variance", "[ml]") {
    const double outlier = GENERATE(50.0, -1e9, 1e36, kInfinity);
    CAPTURE(outlier);
    Line line;
    int step = 0;
    line.run(10'000, [&](double a, double b) {
        const double drift = 0.0002 * step; // two deviations in all
        return Sample{++step % 50 == 0 ? outlier : 5.0 + a + drift, -1000.0 + 50.0 * b};
    });
    CHECK(line.raised == 0);
}

TEST_CASE("a constant signal may tremble, not move", "[ml]") {
    Line line;
    line.run(1000, [](double, double b) { return Sample{20.0, 50.0 * b}; });
    line.run(1000, [](double a, double b) { return Sample{a > 2.0 ? 20.01 : 20.0, 50.0 * b}; });
    CHECK(line.raised == 0);
    line.run(100, [](double, double b) { return Sample{21.0, 50.0 * b}; });
    CHECK(line.raised == 1);
    CHECK(line.why.signal == 0);
}

TEST_CASE("missing values leave a level where it was", "[ml]") {
    Line line;
    line.run(2000, kUsual);
    int step = 0;
    line.run(3000, [&](double a, double b) {
        return Sample{++step % 3 == 0 ? 5.0 + a : kNan, -1000.0 + 50.0 * b};
    });
    line.run(100, [](double, double) { return Sample{kNan, kNan}; });
    CHECK(line.raised == 0);
    line.run(300, [&](double a, double) { return Sample{15.0 + a, kNan}; });
    CHECK(line.raised == 1);
}

TEST_CASE("a restored level shift detector goes on as the saved one", "[ml]") {
    for (const int saved_at : {0, 1, 50, 300, 2500}) {
        CAPTURE(saved_at);
        Line one;
        one.run(saved_at, kUsual);
        Line two = one;
        Bytes state;
        one.detector.save(state);
        two.detector = ml::LevelShift(2);
        REQUIRE(two.detector.restore(state));
        for (Line* line : {&one, &two})
            line->run(500, [](double a, double b) { return Sample{9.0 + a, 50.0 * b}; });
        CHECK(one.raised == two.raised);
        CHECK(one.cleared == two.cleared);
        Bytes left;
        Bytes right;
        one.detector.save(left);
        two.detector.save(right);
        CHECK(left == right);
    }
}

TEST_CASE("no cut-off or altered state of a level shift detector is taken", "[ml]") {
    Line line;
    line.run(500, kUsual);
    Bytes state;
    line.detector.save(state);
    for (std::size_t size = 0; size < state.size(); ++size)
        REQUIRE(line.detector.restore(ByteView(state).first(size)).error().code == Errc::corrupt);
    Bytes longer = state;
    longer.push_back(std::byte{0});
    CHECK(line.detector.restore(longer).error().code == Errc::corrupt);
    CHECK(ml::LevelShift(1).restore(state).error().code == Errc::corrupt);
    const auto is_refused = [&](std::size_t at, std::byte value) {
        Bytes changed = state;
        changed[at] = value;
        return !ml::LevelShift(2).restore(changed);
    };
    CHECK(is_refused(0, std::byte{9}));     // version
    CHECK(is_refused(6, std::byte{2}));     // alarmed
    CHECK(is_refused(11, std::byte{0x7F})); // a level beyond all values
    CHECK(is_refused(19, std::byte{0xBF})); // a deviation below 0
    CHECK(is_refused(35, std::byte{0xBF})); // a spread below 0
    CHECK(is_refused(39, std::byte{0x3E})); // a record below the least
}
