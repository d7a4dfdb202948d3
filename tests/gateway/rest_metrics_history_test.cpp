// Goal: the last hour of a server's metrics is kept, and no more. Method: a clock that is set, the
// route behind a real server.

#include "gateway/http_client.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/gateway/rest/metrics_history.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct Site {
    Site() { gateway::add_metrics_history_route(router, history, work); }
    ~Site() {
        running.stop();
        work.stop();
    }
    void take(std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
            clock.advance_ms(5'000);
            history.take();
        }
    }
    boost::json::array samples(std::string_view query = "") {
        const auto answer = client.get(fmt::format("/api/v1/metrics/history{}", query));
        REQUIRE(answer.status == 200);
        return boost::json::parse(answer.body).at("samples").as_array();
    }
    ManualClock clock{1'000'000};
    Metrics metrics;
    gateway::MetricsHistory history{metrics, clock};
    gateway::WorkQueue work;
    gateway::Router router;
    RunningServer running{router};
    Client client{running.server().port()};
};

} // namespace

TEST_CASE("what was counted is seen later, summed over its labels", "[rest][metrics]") {
    Site site;
    CHECK(site.samples().empty());
    site.metrics.counter("holdfast_mqtt_messages_dropped", "", "reason=\"a\"").add(2);
    site.metrics.counter("holdfast_mqtt_messages_dropped", "", "reason=\"b\"").add(3);
    site.metrics.gauge("holdfast_log_disk_bytes", "", [] { return 1.5; });
    site.take(1);
    CHECK(boost::json::serialize(site.samples()) == "[[1005000,0,0,5,0,0,1.5E0]]");
}

TEST_CASE("an hour of metrics is kept", "[rest][metrics]") {
    Site site;
    site.take(gateway::MetricsHistory::kSamplesMax + 3);
    const auto samples = site.samples();
    CHECK(samples.size() == gateway::MetricsHistory::kSamplesMax);
    CHECK(samples.front().at(0).as_int64() == 1'000'000 + 4 * 5'000);
    CHECK(samples.back().at(0).as_int64() == site.clock.now_ms());
}

TEST_CASE("metrics are given from a time on", "[rest][metrics]") {
    Site site;
    site.take(4);
    CHECK(site.samples(fmt::format("?from={}", site.clock.now_ms() - 5'000)).size() == 2);
    CHECK(site.client.get("/api/v1/metrics/history?from=x").status == 400);
}
