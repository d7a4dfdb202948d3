// Goal: a route's topic pattern captures the levels it names, and a wrong pattern says what is
// wrong.
#include <holdfast/topic/pattern.hpp>

#include <catch2/catch.hpp>

using holdfast::Errc;
using holdfast::topic::TopicPattern;
using Captures = std::vector<std::string_view>;

namespace {

TopicPattern parsed(std::string_view text) {
    auto pattern = TopicPattern::parse(text);
    REQUIRE(pattern.has_value());
    return std::move(pattern).value();
}

} // namespace

TEST_CASE("a pattern captures one level for each name, in order", "[topic]") {
    const TopicPattern pattern = parsed("plant/{line}/+/{machine}/#");
    CHECK(pattern.capture_names() == std::vector<std::string>{"line", "machine"});
    CHECK(pattern.filter() == "plant/+/+/+/#");
    Captures captures{"left over"};
    REQUIRE(pattern.match("plant/7/hall/press/temp/in", captures));
    CHECK(captures == Captures{"7", "press"});
    CHECK(pattern.match("plant/7/hall/press", captures)); // "#" takes its parent too
    CHECK(pattern.match("plant//hall//x", captures));
    CHECK(captures == Captures{"", ""});
    CHECK_FALSE(pattern.match("plant/7/hall", captures));
    CHECK_FALSE(pattern.match("site/7/hall/press", captures));
}

TEST_CASE("without # a pattern ends where the topic ends", "[topic]") {
    const TopicPattern pattern = parsed("fleet/{device}/telemetry");
    Captures captures;
    CHECK(pattern.match("fleet/truck-9/telemetry", captures));
    CHECK(captures == Captures{"truck-9"});
    CHECK_FALSE(pattern.match("fleet/truck-9/telemetry/", captures));
    CHECK_FALSE(pattern.match("fleet/truck-9", captures));
}

TEST_CASE("a leading capture or wildcard does not reach topics that start with $", "[topic]") {
    Captures captures;
    CHECK_FALSE(parsed("{root}/load").match("$SYS/load", captures));
    CHECK_FALSE(parsed("#").match("$SYS/load", captures));
    CHECK(parsed("$SYS/{name}").match("$SYS/load", captures));
    CHECK(parsed("/{name}").filter() == "/+");
}

TEST_CASE("a wrong pattern names the level and what is wrong with it", "[topic]") {
    const auto complaint = [](std::string_view text) {
        const auto pattern = TopicPattern::parse(text);
        REQUIRE(pattern.has_error());
        CHECK(pattern.error().code == Errc::malformed);
        return pattern.error().context;
    };
    using Catch::Contains;
    CHECK_THAT(complaint(""), Contains("1 to 65535 bytes"));
    CHECK_THAT(complaint(std::string(65'536, 'x')), Contains("1 to 65535 bytes"));
    CHECK_THAT(complaint("a/{}"), Contains("'{}'") && Contains("capture name"));
    CHECK_THAT(complaint("a/{b{c}"), Contains("'{b{c}'") && Contains("capture name"));
    CHECK_THAT(complaint("{a}/{a}"), Contains("'{a}'") && Contains("twice"));
    CHECK_THAT(complaint("a/x{b}"), Contains("'x{b}'") && Contains("whole level"));
    CHECK_THAT(complaint("a/b+"), Contains("'b+'") && Contains("whole level"));
    CHECK_THAT(complaint("a/{b"), Contains("'{b'") && Contains("whole level"));
    CHECK_THAT(complaint("#/a"), Contains("'#'") && Contains("last"));
}
