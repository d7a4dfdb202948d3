// Goal: a client that always sends gets its rate, of messages as of bytes. Method: a clock that
// stands still but for what is waited.
#include "gateway/mqtt/input_allowance.hpp"

#include <catch2/catch.hpp>

using namespace holdfast;
using gateway::InputAllowance;
using namespace std::chrono_literals;

namespace {

const InputAllowance::Time kBegin{1000s};

// How many reads of so much there are in that time.
int reads_in(InputAllowance& allowance, std::uint64_t messages, std::size_t bytes,
             std::chrono::seconds time) {
    int reads = 0;
    auto now = kBegin;
    while (now < kBegin + time) {
        allowance.take(messages, bytes, now);
        ++reads;
        now += allowance.wait(now);
        if (reads == 1'000'000) break; // it is not limited
    }
    return reads;
}

} // namespace

TEST_CASE("what is read keeps to the rate, whichever is the narrower", "[gateway][limits]") {
    struct Row {
        gateway::InputLimits limits;
        std::uint64_t messages;
        std::size_t bytes;
        int reads; // in 10 s, and one second's worth ahead
    };
    const auto row = GENERATE(values<Row>({
        {{.messages_per_s = 100}, 10, 4'000, 110},
        {{.bytes_per_s = 10'000}, 10, 1'000, 110},
        {{.messages_per_s = 100, .bytes_per_s = 4'000}, 10, 4'000, 11},
        {{.messages_per_s = 10, .bytes_per_s = 1'000'000}, 10, 4'000, 11},
        {{.messages_per_s = 1}, 1'000, 10, 1}, // a read of so many is waited for
    }));
    CAPTURE(row.limits.messages_per_s, row.limits.bytes_per_s);
    InputAllowance allowance(row.limits, kBegin);
    const int reads = reads_in(allowance, row.messages, row.bytes, 10s);
    CHECK(reads >= row.reads);
    CHECK(reads <= row.reads + 2);
}

TEST_CASE("a slow client is read in small pieces, within bounds", "[gateway][limits]") {
    CHECK(InputAllowance({.messages_per_s = 1}, kBegin).bytes_at_once() == 1024);
    CHECK(InputAllowance({.bytes_per_s = 80'000}, kBegin).bytes_at_once() == 10'000);
    CHECK(InputAllowance({.bytes_per_s = 1ULL << 40U}, kBegin).bytes_at_once() == 256 * 1024);
}
