// Goal: an operator labels an occurrence as true or false, sets it right and takes it back; the
// answer is sent when it is stored. Method: a registry and a log, the route behind a server on
// loopback.
#include "gateway/http_client.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/alarms/registry.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/log/state_write.hpp>

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <optional>
#include <string>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site {
    Site() {
        raise("1");
        gateway::add_alarm_routes(router, alarms, work);
        gateway::add_label_route(router, *log.log, alarms, log.clock, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
    }
    void raise(const std::string& occurrence) {
        alarms::Alarm alarm;
        alarm.source = "overheat";
        alarm.name = "too hot";
        alarm.key = "press-1";
        alarm.occurrence = occurrence;
        id = alarm_id(alarm);
        REQUIRE(log::StateWrite::write(*log.log, {alarms::state_change(alarm)}));
        alarms.apply({&alarm, 1});
    }
    Answer label(std::string_view body) {
        return client->send("POST", fmt::format("/api/v1/alarms/{}/label", id), body);
    }
    boost::json::value listed() {
        return boost::json::parse(client->get("/api/v1/alarms").body).as_array().at(0);
    }

    LogFixture log;
    alarms::Registry alarms;
    gateway::WorkQueue work{1};
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
    std::string id;
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
