// Goal: an operator acknowledges the occurrence that he has seen, with a comment; the answer is
// sent when it is stored. Method: a registry and a log, the route behind a server on loopback.
#include "gateway/alarm_site.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <utility>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site : AlarmSite {
    Answer acknowledge(std::string_view body) { return say("ack", body); }
};

} // namespace

TEST_CASE("an alarm is acknowledged with a comment, which stays", "[gateway][rest][alarms]") {
    Site site;
    CHECK_FALSE(site.listed().as_object().contains("acknowledged"));
    const auto answer = site.acknowledge(R"({"comment":"<b>seen</b> ü"})");
    CHECK(answer.status == 200);
    const auto said = boost::json::parse(answer.body).at("acknowledged");
    CHECK(said.at("comment").as_string() == "<b>seen</b> ü");
    CHECK(said.at("at").as_int64() == site.log.clock.now_ms());
    CHECK(said.at("by").as_string().empty());
    CHECK(site.listed().at("acknowledged") == said);
    REQUIRE(site.alarms.load(*site.log.log));
    CHECK(site.listed().at("acknowledged") == said);
    CHECK(site.acknowledge("").status == 200); // the last one holds
    CHECK(site.listed().at("acknowledged").at("comment").as_string().empty());
}

TEST_CASE("an occurrence that was not seen is not acknowledged", "[gateway][rest][alarms]") {
    Site site;
    site.raise("2");
    const auto answer = site.acknowledge(R"({"occurrence":"1"})");
    CHECK(answer.status == 409);
    CHECK_THAT(answer.body, Catch::Contains("'2'"));
    CHECK_FALSE(site.alarms.find(site.id)->acknowledged);
    CHECK(site.acknowledge(R"({"occurrence":"2"})").status == 200);
}

TEST_CASE("what is no acknowledgement is refused, and names what is wrong",
          "[gateway][rest][alarms]") {
    Site site;
    const std::string long_comment(alarms::kCommentBytesMax + 1, 'x');
    for (const auto& [body, why] : {std::pair<std::string, const char*>{"[]", "object"},
                                    {R"({"comment":1})", "comment"},
                                    {R"({"commnet":"x"})", "commnet"},
                                    {fmt::format(R"({{"comment":"{}"}})", long_comment), "1000"}}) {
        CAPTURE(body);
        const auto answer = site.acknowledge(body);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.body, Catch::Contains(why));
    }
    site.id = "none";
    CHECK(site.acknowledge("").status == 404);
}
