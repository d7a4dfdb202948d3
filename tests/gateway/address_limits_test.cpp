// Goal: one address gets no more connections than it may, others are not touched by it, and an
// attacker with many addresses takes no more memory than was said. Method: addresses in a row, and
// a clock that the test moves.
#include <holdfast/gateway/address_limits.hpp>

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <memory>
#include <vector>

using namespace holdfast;
using gateway::AddressLimits;
using namespace std::chrono_literals;
using Verdict = AddressLimits::Verdict;

namespace {

const AddressLimits::Time kBegin{1000s};

std::uint64_t network_of_v6(const char* text) {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    REQUIRE(::inet_pton(AF_INET6, text, &six.sin6_addr) == 1);
    return gateway::network_of(reinterpret_cast<const sockaddr&>(six));
}

std::uint64_t network_of_v4(const char* text) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    REQUIRE(::inet_pton(AF_INET, text, &four.sin_addr) == 1);
    return gateway::network_of(reinterpret_cast<const sockaddr&>(four));
}

} // namespace

TEST_CASE("an address of IPv6 is the network that its owner has", "[gateway][limits]") {
    CHECK(network_of_v6("2001:db8:1:2::1") == network_of_v6("2001:db8:1:2:ffff::9"));
    CHECK(network_of_v6("2001:db8:1:2::1") != network_of_v6("2001:db8:1:3::1"));
    CHECK(network_of_v6("::ffff:192.0.2.7") == network_of_v4("192.0.2.7"));
    CHECK(network_of_v4("192.0.2.7") != network_of_v4("192.0.2.8"));
}

TEST_CASE("an address has so many connections, and others have theirs", "[gateway][limits]") {
    Metrics metrics;
    AddressLimits limits({.connections_max = 2}, metrics);
    std::vector<AddressLimits::Answer> kept;
    for (int i = 0; i < 2; ++i) kept.push_back(limits.admit(7, kBegin));
    CHECK(kept[1].verdict == Verdict::taken);
    CHECK(kept[1].place);
    std::vector<AddressLimits::Answer> told;
    for (std::uint32_t i = 0; i < AddressLimits::kToldMax; ++i) {
        told.push_back(limits.admit(7, kBegin));
        CHECK(told.back().verdict == Verdict::too_many);
        CHECK(told.back().place); // hears why
    }
    CHECK_FALSE(limits.admit(7, kBegin).place); // closed at once
    CHECK(limits.admit(8, kBegin).verdict == Verdict::taken);
    kept.pop_back();
    CHECK(limits.admit(7, kBegin).verdict == Verdict::taken);
    CHECK(metrics.counter("holdfast_address_connections_refused", "").value() ==
          AddressLimits::kToldMax + 1);
}

TEST_CASE("an address may connect so often in a second", "[gateway][limits]") {
    Metrics metrics;
    AddressLimits limits({.connects_per_s = 3}, metrics);
    for (int i = 0; i < 3; ++i) CHECK(limits.admit(7, kBegin).verdict == Verdict::taken);
    CHECK(limits.admit(7, kBegin).verdict == Verdict::too_fast);
    CHECK(limits.admit(8, kBegin).verdict == Verdict::taken);
    CHECK(limits.admit(7, kBegin + 340ms).verdict == Verdict::taken);
    CHECK(limits.admit(7, kBegin + 340ms).verdict == Verdict::too_fast);
    // Across the moment where what came lately is told from what came before.
    for (int i = 0; i < 2; ++i) CHECK(limits.admit(7, kBegin + 1001ms).verdict == Verdict::taken);
    CHECK(limits.admit(7, kBegin + 1001ms).verdict == Verdict::too_fast);
}

TEST_CASE("of more addresses than are remembered the oldest are forgotten", "[gateway][limits]") {
    Metrics metrics;
    AddressLimits limits({.connects_per_s = 1}, metrics);
    CHECK(limits.admit(7, kBegin).verdict == Verdict::taken);
    CHECK(limits.admit(7, kBegin).verdict == Verdict::too_fast);
    for (std::uint64_t i = 0; i < 2 * AddressLimits::kRecentMax; ++i)
        (void)limits.admit(1000 + i, kBegin);
    CHECK(limits.admit(7, kBegin).verdict == Verdict::taken);
}

TEST_CASE("where no limit is set nothing is counted", "[gateway][limits]") {
    Metrics metrics;
    AddressLimits limits({}, metrics);
    CHECK_FALSE(limits.is_on());
    const auto answer = limits.admit(7, kBegin);
    CHECK(answer.verdict == Verdict::taken);
    CHECK_FALSE(answer.place);
}
