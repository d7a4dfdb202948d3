// Goal: lines about the same thing are bounded, and nobody has to guess how many are missing.
#include <holdfast/base/log_allowance.hpp>

#include <catch2/catch.hpp>

using holdfast::LogAllowance;

TEST_CASE("ten lines in ten seconds, and then how many were left out", "[base]") {
    const std::int64_t began_ms = GENERATE(0, 5'000'000);
    LogAllowance allowance;
    for (int i = 0; i < 10; ++i) REQUIRE(allowance.take(began_ms).may_log);
    for (int i = 0; i < 3; ++i) CHECK_FALSE(allowance.take(began_ms + 9'999).may_log);
    const auto next = allowance.take(began_ms + LogAllowance::kPeriodMs);
    CHECK(next.may_log);
    CHECK(next.left_out == 3);
    CHECK(allowance.take(began_ms + LogAllowance::kPeriodMs).left_out == 0);
}
