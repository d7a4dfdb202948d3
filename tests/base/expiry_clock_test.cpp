// Goal: a clock that jumps ahead expires nothing for a day; one that is right, slow or set back is
// followed. Method: a clock whose two times the test moves apart.
#include <holdfast/base/expiry_clock.hpp>
#include <holdfast/base/log_line.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;

namespace {

constexpr std::int64_t kStartMs = 1'700'000'000'000;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kYearMs = 365 * 24 * kHourMs;

class TwoTimes final : public Clock {
public:
    [[nodiscard]] std::int64_t now_ms() const noexcept override { return wall_ms; }
    [[nodiscard]] std::int64_t monotonic_ms() const noexcept override { return passed_ms; }
    void pass(std::int64_t ms) {
        wall_ms += ms;
        passed_ms += ms;
    }
    std::int64_t wall_ms = kStartMs;
    std::int64_t passed_ms = 5;
};

} // namespace

TEST_CASE("a clock that runs as time does is taken at its word", "[base][clock]") {
    TwoTimes system;
    const ExpiryClock clock(system);
    CHECK(clock.now_ms() == kStartMs);
    system.pass(30 * 24 * kHourMs); // nobody looked for a month
    CHECK(clock.now_ms() == system.wall_ms);
    system.wall_ms += ExpiryClock::kJumpMs; // small steps are ordinary
    CHECK(clock.now_ms() == system.wall_ms);
    system.wall_ms -= kYearMs;
    CHECK(clock.now_ms() == system.wall_ms);
}

TEST_CASE("a clock that jumps ahead is believed after a day", "[base][clock]") {
    set_log_level(LogLevel::error);
    TwoTimes system;
    const ExpiryClock clock(system);
    CHECK(clock.now_ms() == kStartMs);
    system.wall_ms += kYearMs;
    for (int hour = 0; hour < 24; ++hour) {
        CHECK(clock.now_ms() == kStartMs + hour * kHourMs);
        system.pass(kHourMs);
    }
    CHECK(clock.now_ms() == system.wall_ms);
    system.pass(kHourMs);
    CHECK(clock.now_ms() == system.wall_ms);
}

TEST_CASE("a clock that is set right again has expired nothing", "[base][clock]") {
    set_log_level(LogLevel::error);
    TwoTimes system;
    const ExpiryClock clock(system);
    CHECK(clock.now_ms() == kStartMs);
    for (int i = 0; i < 3; ++i) { // each jump is held anew
        system.wall_ms += kYearMs;
        system.pass(20 * kHourMs);
        CHECK(clock.now_ms() == system.wall_ms - kYearMs);
        system.wall_ms -= kYearMs;
        CHECK(clock.now_ms() == system.wall_ms);
    }
}
