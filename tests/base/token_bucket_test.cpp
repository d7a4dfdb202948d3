// Goal: over any time no more is taken than comes, after one second's worth ahead. Method: a clock
// that the test moves.
#include <holdfast/base/token_bucket.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

const TokenBucket::Time kBegin{1000s};

} // namespace

TEST_CASE("a bucket gives one second's worth at once, and then what comes", "[base]") {
    TokenBucket bucket(10, kBegin);
    int taken = 0;
    while (bucket.try_take(kBegin)) ++taken;
    CHECK(taken == 10);
    CHECK_FALSE(bucket.try_take(kBegin + 99ms));
    CHECK(bucket.try_take(kBegin + 101ms));
    CHECK_FALSE(bucket.try_take(kBegin + 101ms));
    taken = 0;
    while (bucket.try_take(kBegin + 1h)) ++taken; // no more than a second's worth is kept
    CHECK(taken == 10);
}

TEST_CASE("what is owed is waited for", "[base]") {
    TokenBucket bucket(100, kBegin);
    bucket.take(100, kBegin);
    CHECK(bucket.wait(kBegin) == 0us);
    bucket.take(50, kBegin);
    const auto wait = bucket.wait(kBegin);
    CHECK(wait >= 500ms);
    CHECK(wait < 501ms);
    CHECK(bucket.wait(kBegin + wait) == 0us);
    bucket.take(1e12, kBegin + wait);
    CHECK(bucket.wait(kBegin + wait) <= 1h + 1us);
}
