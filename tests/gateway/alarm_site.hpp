#pragma once

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
#include <string_view>

namespace holdfast::test {

// One active alarm, and the routes with which operators say something of it, behind a server on
// loopback.
struct AlarmSite {
    AlarmSite() {
        raise("1");
        gateway::add_alarm_routes(router, alarms, work);
        gateway::add_acknowledge_route(router, *log.log, alarms, log.clock, work);
        gateway::add_label_route(router, *log.log, alarms, log.clock, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~AlarmSite() {
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
    Answer say(std::string_view route, std::string_view body) {
        return client->send("POST", fmt::format("/api/v1/alarms/{}/{}", id, route), body);
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

} // namespace holdfast::test
