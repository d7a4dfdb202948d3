// Goal: a route's right asks the evaluator for the resource that the path names, and a refusal says
// what was asked, of what, and which rule refused. Method: a policy of text; no server.
#include <holdfast/gateway/http/right.hpp>

#include <holdfast/config/access_file.hpp>

#include <catch2/catch.hpp>

using namespace holdfast;
using access::Action;
using access::ResourceKind;
using gateway::HttpRequest;
using gateway::Right;

namespace {

access::Rights rights() {
    const auto file = config::parse_access(
        "roles:\n"
        "  sensor:\n"
        "    - {allow: publish, topics: ['plant/{user}/#']}\n"
        "    - {allow: read, streams: ['plant-*']}\n"
        "    - {allow: read, areas: [alarms]}\n"
        "    - {deny: read, streams: ['plant-secret']}\n",
        "access.yaml");
    REQUIRE(file);
    const auto policy = access::Policy::make(file.value());
    REQUIRE(policy);
    access::Principal principal;
    principal.name = "press-7";
    principal.kind = access::PrincipalKind::user;
    principal.roles = {"sensor"};
    return policy.value().rights_of(principal);
}

HttpRequest with(std::string_view capture, std::string_view value) {
    HttpRequest request;
    request.captures.emplace_back(capture, value);
    return request;
}

} // namespace

TEST_CASE("a right asks for the resource that the path names", "[gateway][right]") {
    const auto may = rights();
    const auto publish = Right::topic(Action::publish, "topic");
    CHECK(publish.check(may, with("topic", "plant/press-7/state")));
    CHECK_FALSE(publish.check(may, with("topic", "plant/press-8/state")));
    CHECK_FALSE(publish.check(may, with("topic", "plant/#")));
    const auto read = Right::stream(Action::read, "name");
    CHECK(read.check(may, with("name", "plant-1")));
    CHECK_FALSE(read.check(may, with("name", "office")));
    CHECK_FALSE(Right::stream(Action::write, "name").check(may, with("name", "plant-1")));
    CHECK(Right::area(Action::read, "alarms").check(may, {}));
    CHECK_FALSE(Right::area(Action::manage, "alarms").check(may, {}));
}

TEST_CASE("a refusal names action, resource and rule", "[gateway][right]") {
    const auto may = rights();
    const auto none = Right::topic(Action::publish, "topic").check(may, with("topic", "a"));
    REQUIRE_FALSE(none);
    CHECK(none.error().code == Errc::denied);
    CHECK(none.error().context == "publish of topic 'a' is denied: no rule allows it");
    const auto denied =
        Right::stream(Action::read, "name").check(may, with("name", "plant-secret"));
    REQUIRE_FALSE(denied);
    CHECK_THAT(denied.error().context,
               Catch::StartsWith("read of stream 'plant-secret' is denied: access.yaml:6"));
}

TEST_CASE("what is open, or left to the handler, asks nothing of the path", "[gateway][right]") {
    const auto may = rights();
    CHECK(Right::open("a test").check(may, {}));
    CHECK(Right::signed_in().check(may, {}));
    CHECK(Right::by_handler(Action::write, ResourceKind::stream).check(may, {}));
}

TEST_CASE("a right is shown as people would say it", "[gateway][right]") {
    CHECK(Right::open("a test").text() == "open");
    CHECK(Right::area(Action::manage, "rules").text() == "manage area rules");
    CHECK(Right::topic(Action::publish, "topic").text() == "publish topic {topic}");
    CHECK(Right::by_handler(Action::read, ResourceKind::stream).text() ==
          "read stream by the handler");
}
