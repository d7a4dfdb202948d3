// Goal: an alarm of a model knows since when its device departs from normal, and becomes as bad as
// the score and that time make it. Method: scores by hand.
#include "models/departure.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

using namespace holdfast;
using alarms::Severity;
using models::Departure;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr double kThreshold = 0.5;

} // namespace

TEST_CASE("an alarm is as bad as its score and its duration make it", "[models]") {
    struct Row {
        double score;
        double threshold;
        std::int64_t lasted_ms;
        Severity severity;
    };
    const auto row = GENERATE(values<Row>({
        {0.5, 0.5, 0, Severity::minor},
        {0.75, 0.5, 0, Severity::minor}, // three times the evidence, and not more
        {0.76, 0.5, 0, Severity::major},
        {0.91, 0.5, 0, Severity::critical},
        {0.5, 0.5, kHourMs - 1, Severity::minor},
        {0.5, 0.5, kHourMs, Severity::major},
        {0.76, 0.5, kHourMs, Severity::critical},
        {0.91, 0.5, kHourMs, Severity::critical},
        {0.5, 0.2, 0, Severity::major}, // four times
        {1.0, 0.5, 0, Severity::critical},
        {1.0, 1.0, 0, Severity::minor}, // nothing is beyond it
        {0.5, 0.5, -kHourMs, Severity::minor},
    }));
    CAPTURE(row.score, row.threshold, row.lasted_ms);
    CHECK(models::severity_of(row.score, row.threshold, row.lasted_ms) == row.severity);
}

TEST_CASE("a departure begins with the run of samples that leads to the raise", "[models]") {
    Departure departure;
    departure.follow(100, 0.4, kThreshold); // a run that comes to nothing
    departure.follow(200, 0.3, kThreshold);
    departure.follow(300, 0.38, kThreshold);
    departure.follow(400, 0.45, kThreshold);
    departure.follow(500, 0.6, kThreshold);
    departure.raise(500, 0.6, kThreshold);
    CHECK(departure.since_ms() == 300);
    departure.follow(600, 0.4, kThreshold);
    departure.clear();
    departure.follow(700, 0.6, kThreshold); // what goes on begins anew
    departure.raise(700, 0.6, kThreshold);
    CHECK(departure.since_ms() == 700);
    departure.clear();
    departure.follow(900, 0.6, kThreshold);
    departure.raise(800, 0.6, kThreshold); // its clock was set back
    CHECK(departure.since_ms() == 800);
}

TEST_CASE("an alarm gets worse once a step, and never better", "[models]") {
    Departure departure;
    const auto worsens = [&](std::int64_t at_ms, double score) {
        departure.follow(at_ms, score, kThreshold);
        return departure.worsen(at_ms, score, kThreshold);
    };
    CHECK_FALSE(worsens(0, 0.9)); // nothing is raised
    departure.raise(0, 0.6, kThreshold);
    CHECK(departure.severity() == Severity::minor);
    CHECK_FALSE(worsens(1, 0.7));
    CHECK(worsens(2, 0.8));
    CHECK_FALSE(worsens(3, 0.85));
    CHECK_FALSE(worsens(4, 0.6));
    CHECK(departure.severity() == Severity::major);
    CHECK_FALSE(worsens(kHourMs, 0.4)); // it is about to be over
    CHECK(departure.severity() == Severity::major);
    CHECK(worsens(kHourMs + 1, 0.8));
    CHECK(departure.severity() == Severity::critical);
    departure.clear();
    CHECK_FALSE(worsens(kHourMs + 2, 1.0));
    CHECK(departure.severity() == Severity::critical); // that the clear is told with
}

TEST_CASE("a departure reads as it was saved, and nothing else does", "[models]") {
    Departure departure;
    departure.follow(-5, 0.6, kThreshold);
    departure.raise(-5, 0.8, kThreshold);
    Bytes bytes;
    ByteWriter out(bytes);
    departure.save(out);
    ByteReader in(bytes);
    const auto read = Departure::read(in);
    REQUIRE(read);
    CHECK(read.value() == departure);
    CHECK(in.empty());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        ByteReader cut(ByteView(bytes).first(size));
        CHECK_FALSE(Departure::read(cut));
    }
    for (const std::size_t place : {0U, 1U}) {
        Bytes damaged = bytes;
        damaged[place] = std::byte{4};
        ByteReader wrong(damaged);
        CHECK_FALSE(Departure::read(wrong));
    }
}
