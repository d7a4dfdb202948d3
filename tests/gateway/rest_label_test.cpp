// Goal: an operator labels an occurrence as true or false, sets it right and takes it back; the
// answer is sent when it is stored. Method: a registry and a log, the route behind a server on
// loopback.
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
    Answer label(std::string_view body) { return say("label", body); }
};

} // namespace

TEST_CASE("an alarm is labelled, and the label taken back", "[gateway][rest][alarms]") {
    Site site;
    CHECK_FALSE(site.listed().as_object().contains("label"));
    const auto answer = site.label(R"({"label":"true","comment":"<b>a leak</b>"})");
    CHECK(answer.status == 200);
    const auto alarm = boost::json::parse(answer.body);
    CHECK(alarm.at("label").as_string() == "true");
    CHECK(alarm.at("labelled").at("comment").as_string() == "<b>a leak</b>");
    CHECK(alarm.at("labelled").at("at").as_int64() == site.log.clock.now_ms());
    CHECK(site.listed() == alarm);
    REQUIRE(site.alarms.load(*site.log.log));
    CHECK(site.listed() == alarm);
    CHECK(site.label(R"({"label":"false"})").status == 200); // the last one holds
    CHECK(site.listed().at("label").as_string() == "false");
    CHECK(site.label(R"({"label":null})").status == 200);
    CHECK_FALSE(site.listed().as_object().contains("label"));
    REQUIRE(site.alarms.load(*site.log.log));
    CHECK_FALSE(site.listed().as_object().contains("label"));
}

TEST_CASE("a labelled occurrence is set right also after the next raise",
          "[gateway][rest][alarms]") {
    Site site;
    CHECK(site.label(R"({"label":"true"})").status == 200);
    site.raise("2");
    CHECK_FALSE(site.listed().as_object().contains("label"));
    CHECK(site.label(R"({"label":"false","occurrence":"1"})").status == 200);
    CHECK_FALSE(site.listed().as_object().contains("label"));
    REQUIRE(site.alarms.labels_of("overheat").size() == 1);
    CHECK_FALSE(site.alarms.labels_of("overheat")[0].said.is_true);
    const auto unseen = site.label(R"({"label":"true","occurrence":"0"})");
    CHECK(unseen.status == 409);
    CHECK_THAT(unseen.body, Catch::Contains("'2'"));
}

TEST_CASE("what is no label is refused, and names what is wrong", "[gateway][rest][alarms]") {
    Site site;
    for (const auto& [body, why] : {std::pair<std::string, const char*>{"", "label"},
                                    {"{}", "label"},
                                    {R"({"label":"maybe"})", "label"},
                                    {R"({"label":true})", "label"},
                                    {R"({"label":"true","commnet":"x"})", "commnet"}}) {
        CAPTURE(body);
        const auto answer = site.label(body);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.body, Catch::Contains(why));
    }
    site.id = "none";
    CHECK(site.label(R"({"label":"true"})").status == 404);
}
