// Goal: REST shows the devices of the streams that the caller may read, pages through them, and
// says what each said last. Method: a store that is told rows, behind a server on loopback.
#include "history/store_fixture.hpp"
#include "log/file_bytes.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include <holdfast/history/device_erasures.hpp>
#include <holdfast/history/follower.hpp>
#include "gateway/http_client.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <optional>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site {
    explicit Site(bool has_history = true) {
        history.from = log.make_stream("telemetry");
        history.tell("lift 1/ü", second(1), {with("temp", 21.5), with("name", "a \"lift\"")});
        history.tell("lift 1/ü", second(2), {with("temp", 22)});
        for (const char* device : {"pump-1", "pump-2", "pump-3"})
            history.tell(device, second(3), {with("rpm", 90)});
        const PartitionId other = log.make_stream("other");
        history.from = other;
        history.next = 0;
        history.tell("pump-2", second(4), {with("state", "on")});
        gateway::add_device_routes(router, has_history ? history.store.get() : nullptr, *log.log,
                                   work);
        if (has_history)
            erasures = std::make_unique<history::DeviceErasures>(
                history::DeviceErasures::Parts{*log.log, *history.store, follower},
                [](const history::Erasure&) {});
        if (erasures) REQUIRE(erasures->start());
        gateway::add_device_erasure_routes(router, erasures.get(), *log.log, log.clock, work);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
    }
    std::string get(const std::string& target) { return client->get(target).body; }
    // Device and stream of each entry.
    std::vector<std::string> names(const std::string& target) {
        std::vector<std::string> out;
        const auto answer = boost::json::parse(get(target));
        for (const auto& each : answer.at("devices").as_array())
            out.push_back(std::string(each.at("device").as_string()) + " " +
                          std::string(each.at("stream").as_string()));
        if (answer.at("truncated").as_bool()) out.emplace_back("...");
        return out;
    }

    LogFixture log;
    StoreFixture history;
    log::ConsumerPool pool{*log.log, 1};
    history::Follower follower{{*log.log, pool, *history.store, log.metrics},
                               [](std::string_view name) { return name != "audit"; }};
    std::unique_ptr<history::DeviceErasures> erasures;
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("devices are listed page by page, one in two streams on one page",
          "[gateway][rest][history]") {
    Site site;
    CHECK(site.names("/api/v1/devices") == Names{"lift 1/ü telemetry", "pump-1 telemetry",
                                                 "pump-2 other", "pump-2 telemetry",
                                                 "pump-3 telemetry"});
    CHECK(site.names("/api/v1/devices?search=pump&limit=2") ==
          Names{"pump-1 telemetry", "pump-2 other", "pump-2 telemetry", "..."});
    CHECK(site.names("/api/v1/devices?search=pump&limit=2&after=pump-2") ==
          Names{"pump-3 telemetry"});
    CHECK(site.names("/api/v1/devices?stream=other") == Names{"pump-2 other"});
    CHECK(site.names("/api/v1/devices?search=nobody").empty());
    CHECK(site.client->get("/api/v1/devices?limit=0").status == 400);
    CHECK(site.get("/api/v1/devices?stream=other&values=true") ==
          R"({"devices":[{"device":"pump-2","stream":"other",)"
          R"("first_seen":"2024-10-04T00:00:04.000Z",)"
          R"("last_seen":"2024-10-04T00:00:04.000Z","messages":1,"fields":1,)"
          R"("values":{"state":{"value":"on","ts":"2024-10-04T00:00:04.000Z"}}}],)"
          R"("truncated":false})");
}

TEST_CASE("a device is shown with its fields, and with what it said last",
          "[gateway][rest][history]") {
    Site site;
    const auto shown = boost::json::parse(site.get("/api/v1/devices/lift%201%2F%C3%BC"));
    const auto& stream = shown.at("streams").as_array().at(0);
    CHECK(stream.at("messages") == 2);
    CHECK(stream.at("field_names") == boost::json::parse(R"(["temp","name"])"));
    const auto latest = boost::json::parse(site.get("/api/v1/devices/lift%201%2F%C3%BC/latest"));
    CHECK(latest.at("streams").as_array().at(0).at("values") ==
          boost::json::parse(R"({"temp":{"value":22,"ts":"2024-10-04T00:00:02.000Z"},)"
                             R"("name":{"value":"a \"lift\"","ts":"2024-10-04T00:00:01.000Z"}})"));
    CHECK(boost::json::parse(site.get("/api/v1/devices/pump-2/latest"))
              .at("streams")
              .as_array()
              .size() == 2);
    CHECK(site.client->get("/api/v1/devices/nobody").status == 404);
    CHECK(site.client->get("/api/v1/devices/pump-1?stream=other").status == 404);
}

TEST_CASE("where no history is kept, devices are not there and it is said why",
          "[gateway][rest][history]") {
    Site site(false);
    const auto answer = site.client->get("/api/v1/devices");
    CHECK(answer.status == 404);
    CHECK_THAT(answer.body, Catch::Contains("history.enabled is false"));
}

TEST_CASE("an erasure of nobody is refused and waits for nothing", "[gateway][rest][history]") {
    Site site;
    const auto erase = [&](const std::string& device) {
        return site.client->send("DELETE", "/api/v1/devices/" + device + "?stream=telemetry", "");
    };
    const auto refused = erase("nobody");
    CHECK(refused.status == 404);
    CHECK_THAT(refused.body, Catch::Contains("there is no device 'nobody' in stream 'telemetry'"));
    CHECK(site.erasures->under_way().empty());
    // What history does not keep is a device's all the same.
    const PartitionId to{site.log.log->find_stream("telemetry")->id, 0};
    REQUIRE(append_keyed(*site.log.log, to, {{"cam-1", "\xFF\xD8"}}));
    CHECK(erase("cam-1").status == 202);
    CHECK(erase("cam-2").status == 404);
}

TEST_CASE("a device is erased from the stream that is named", "[gateway][rest][history]") {
    Site site;
    const auto erase = [&](const std::string& target) {
        return site.client->send("DELETE", target, "");
    };
    const auto answer = erase("/api/v1/devices/pump-2?stream=telemetry");
    CHECK(answer.status == 202);
    CHECK(answer.body == R"({"device":"pump-2","stream":"telemetry"})");
    CHECK(comes_true([&] { return site.get("/api/v1/erasures") == R"({"erasures":[]})"; }));
    CHECK(site.names("/api/v1/devices") ==
          Names{"lift 1/ü telemetry", "pump-1 telemetry", "pump-2 other", "pump-3 telemetry"});
    CHECK(erase("/api/v1/devices/pump-2").status == 400);
    CHECK(erase("/api/v1/devices/pump-2?stream=nowhere").status == 404);
    site.log.make_stream("audit");
    const auto refused = erase("/api/v1/devices/ann?stream=audit");
    CHECK(refused.status == 404);
    CHECK(refused.body.find("is not kept in history") != std::string::npos);
    Site without(false);
    CHECK(without.client->get("/api/v1/erasures").status == 404);
}
