// Goal: REST gives a device's history as rows, as statistics of buckets and as extremes for charts,
// page by page or whole, of those streams alone that the caller may read; what is asked wrongly is
// named. Method: a store that is told rows, behind a server on loopback.
#include "history/store_fixture.hpp"
#include "log/log_fixture.hpp"

#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/work_queue.hpp>
#include "gateway/http_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

using namespace holdfast;
using namespace holdfast::test;

namespace {

constexpr std::size_t kBytesMax = 512U << 10U;

struct Site {
    Site() {
        history.from = log.make_stream("telemetry");
        for (int i = 0; i < 40; ++i)
            history.tell("lift 1", second(i), {with("temp", i), with("a/b.c", i * 0.5)});
        history.tell("lift 1", second(100), {with("state", "a \"quoted\", text")});
        history.tell("pump", second(1), {with("rpm", 90)});
        history.tell("pump", second(1), {with("rpm", 91)});
        history.tell("pump", second(1), {with("rpm", 92)});
        history.tell("pump", second(2), {with("rpm", 93)});
        history.from = log.make_stream("other");
        history.next = 0;
        history.tell("pump", second(4), {with("state", "on")});
        gateway::add_history_routes(router, history.store.get(), *log.log, clock, work, kBytesMax);
        gateway::add_correlation_route(router, history.store.get(), *log.log, clock, work,
                                       kBytesMax);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
    }
    std::string get(const std::string& target) {
        Answer answer = client->get("/api/v1/history" + target);
        if (!answer.has("Transfer-Encoding: chunked")) return answer.body;
        for (auto piece = client->read_chunk(); piece && !piece->empty();
             piece = client->read_chunk())
            answer.body += *piece;
        return answer.body;
    }
    // The part of the answer that rows are.
    std::string rows(const std::string& target) {
        return boost::json::serialize(boost::json::parse(get(target)).at("rows"));
    }
    std::string columns(const std::string& target) {
        std::string out;
        const auto answer = boost::json::parse(get(target));
        for (const auto& each : answer.at("columns").as_array())
            out += std::string(out.empty() ? "" : " ") + std::string(each.at("name").as_string());
        return out;
    }
    // The status and the detail of a problem.
    std::string problem(const std::string& target) {
        const auto answer = client->get("/api/v1/history" + target);
        return fmt::format("{} {}", answer.status,
                           std::string(boost::json::parse(answer.body).at("detail").as_string()));
    }

    LogFixture log;
    StoreFixture history;
    ManualClock clock{kStartUs / 1'000 + 60'000}; // the minute after the begin
    gateway::WorkQueue work;
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

// An element of a row: the time of that second.
std::string at(int second) {
    return fmt::format(R"("2024-10-04T00:{:02}:{:02}.000Z")", second / 60, second % 60);
}

} // namespace

TEST_CASE("history is given as rows, of one field or several", "[gateway][rest][history]") {
    Site site;
    CHECK(site.rows("/lift%201/temp?to=2024-10-04T00:00:02Z") ==
          "[[" + at(0) + ",0],[" + at(1) + ",1]]");
    CHECK(site.rows("/lift%201/a%2Fb.c?from=2024-10-04T00:00:39Z") ==
          "[[" + at(39) + ",1.95E1],[" + at(100) + ",null]]");
    CHECK(site.rows("/lift%201/a/b.c?from=2024-10-04T00:00:39Z&to=2024-10-04T00:00:40Z") ==
          "[[" + at(39) + ",1.95E1]]");
    CHECK(site.columns("/lift%201") == "ts temp a/b.c state");
    CHECK(site.columns("/lift%201?fields=state,temp") == "ts state temp");
    SECTION("of a time before or behind now") {
        CHECK(site.rows("/lift%201/temp?from=now-22s&to=now-20s500ms") ==
              "[[" + at(38) + ",38],[" + at(39) + ",39]]");
        CHECK(site.rows("/lift%201/state?from=now&to=now+1h") ==
              "[[" + at(100) + ",\"a \\\"quoted\\\", text\"]]");
    }
    SECTION("also what is in chunks") {
        REQUIRE(site.history.store->seal_all());
        CHECK(site.rows("/lift%201/temp?to=2024-10-04T00:00:01Z") == "[[" + at(0) + ",0]]");
    }
}

TEST_CASE("a page ends with a time, and the next goes on after it", "[gateway][rest][history]") {
    Site site;
    CHECK(site.rows("/pump/rpm?stream=telemetry&limit=2") ==
          "[[" + at(1) + ",90],[" + at(1) + ",91],[" + at(1) + ",92]]");
    CHECK(site.rows("/pump/rpm?stream=telemetry&limit=2&after=2024-10-04T00:00:01Z") ==
          "[[" + at(2) + ",93]]");
    const auto answer = boost::json::parse(site.get("/lift%201?limit=10"));
    CHECK(answer.at("rows").as_array().size() == 10);
    CHECK(boost::json::parse(site.get("/lift%201")).at("rows").as_array().size() == 41);
}

TEST_CASE("statistics of buckets, of which empty ones are left out", "[gateway][rest][history]") {
    Site site;
    CHECK(site.columns("/lift%201?fields=temp,state&step=10s&agg=min,count") ==
          "ts min(temp) count(temp) min(state) count(state)");
    CHECK(site.rows("/lift%201?fields=temp,state&step=20s&agg=min,max,count") ==
          "[[" + at(0) + ",0,19,20,null,null,0],[" + at(20) + ",20,39,20,null,null,0],[" + at(100) +
              ",null,null,0,null,null,1]]");
    CHECK(site.rows("/lift%201/temp?step=20s") ==
          "[[" + at(0) + ",9.5E0],[" + at(20) + ",2.95E1],[" + at(100) + ",null]]");
    CHECK(site.rows("/lift%201/temp?agg=sum,first,last&from=2024-10-04T00:00:30Z") ==
          "[[" + at(30) + ",345,30,39]]");
}

TEST_CASE("extremes come with their times, of as many buckets as a chart has points",
          "[gateway][rest][history]") {
    Site site;
    CHECK(site.columns("/lift%201/temp?points=5") ==
          "ts min(temp) min_ts(temp) max(temp) max_ts(temp)");
    CHECK(site.rows("/lift%201/temp?points=2&to=2024-10-04T00:00:40Z") ==
          "[[" + at(0) + ",0," + at(0) + ",19," + at(19) + "],[" + at(20) + ",20," + at(20) +
              ",39," + at(39) + "]]");
    const auto many = boost::json::parse(site.get("/lift%201/temp?points=7"));
    CHECK(many.at("rows").as_array().size() <= 7);
}

TEST_CASE("a device's and a stream's history are exported as CSV and NDJSON",
          "[gateway][rest][history]") {
    Site site;
    CHECK(site.get("/lift%201?format=csv&from=2024-10-04T00:00:39Z") ==
          "ts,temp,a/b.c,state\r\n2024-10-04T00:00:39.000Z,39,19.5,\r\n"
          "2024-10-04T00:01:40.000Z,,,\"a \"\"quoted\"\", text\"\r\n");
    const std::string lines = site.get("?stream=other&format=ndjson");
    CHECK(lines.starts_with(R"({"device":"pump","ts":"2024-10-04T00:00:04.000Z","state":"on"})"
                            "\n"
                            R"({"summary":{"row_count":1,)"));
    const std::string csv = site.get("?stream=telemetry&format=csv&fields=rpm");
    CHECK(csv.starts_with("device,ts,rpm\r\nlift 1,2024-10-04T00:00:00.000Z,\r\n"));
    CHECK(csv.ends_with("pump,2024-10-04T00:00:02.000Z,93\r\n"));
    SECTION("whole, in pieces, however long it is") {
        site.history.from = site.log.make_stream("long");
        site.history.next = 0;
        for (int i = 0; i < 20'000; ++i)
            site.history.tell("d", second(i), {with("v", "a text of some length")});
        REQUIRE(site.history.store->seal_all());
        const std::string text = site.get("?stream=long&format=csv");
        CHECK(std::count(text.begin(), text.end(), '\n') == 20'001);
        CHECK(site.get("/d?format=csv").size() == text.size() - 20'000 * 2 - 7);
    }
}

TEST_CASE("what is asked wrongly of history is named", "[gateway][rest][history]") {
    Site site;
    struct Row {
        const char* target;
        const char* problem;
    };
    const auto row = GENERATE(values<Row>({
        {"/nobody", "404 there is no device 'nobody'"},
        {"/pump/rpm?stream=none", "404 there is no device 'pump'"},
        {"/pump", "400 'pump' speaks in 2 streams ('other', 'telemetry'): say which with stream="},
        {"/lift%201/rpm", "404 device 'lift 1' has no field 'rpm'"},
        {"/lift%201?fields=temp,,state", "400 fields: an empty name"},
        {"/lift%201?fields=temp,temp", "400 fields: 'temp' stands twice"},
        {"/lift%201?step=0s", "400 step: 0 is no width of a bucket"},
        {"/lift%201?step=1ms&agg=median",
         "400 agg: 'median' is none of avg, min, max, sum, count, first, last"},
        {"/lift%201?step=1ms",
         "400 step: more than 100000 buckets; ask for a wider step or less time"},
        {"/lift%201?from=now&to=now-1s", "400 from is after to"},
        {"/lift%201?format=xml", "400 format: 'xml' is none of json, ndjson, csv"},
        {"?format=csv", "400 stream: is missing"},
        {"?stream=none", "404 there is no stream 'none'"},
    }));
    CAPTURE(row.target);
    CHECK(site.problem(row.target) == row.problem);
    for (const char* target : {"?step=1h&limit=5", "?points=5&agg=avg", "?points=0", "?limit=0",
                               "?from=yesterday", "?from=now-1", "?from=now&after=now"})
        CHECK(site.client->get(std::string("/api/v1/history/lift%201") + target).status == 400);
}

TEST_CASE("pairs of fields and devices are correlated by the means of buckets",
          "[gateway][rest][history]") {
    Site site;
    site.history.from = site.log.make_stream("plant");
    site.history.next = 0;
    for (int i = 0; i < 100; ++i) {
        site.history.tell("a", second(i), {with("x", i % 7), with("y", 50 - i % 7)});
        if (i < 50) site.history.tell("b", second(i), {with("x", i % 2), with("y", 3)});
    }
    const std::string asked = "?devices=a,b&fields=x,y&step=1s&stream=plant";
    const auto answer = boost::json::parse(site.client->get("/api/v1/correlation" + asked).body);
    const auto& rows = answer.at("rows").as_array();
    REQUIRE(rows.size() == 6);
    CHECK(rows[0].at(3) == "y");
    CHECK(rows[0].at(4) == 100);
    CHECK(rows[0].at(5).as_double() == Approx(-1));
    CHECK(rows[1].at(4) == 50);
    CHECK(std::abs(rows[1].at(5).as_double()) < 0.2);
    CHECK(rows[5].at(5).is_null()); // of `y` of b, which never changes
    const auto problem = [&site](const std::string& query) {
        const auto refused = site.client->get("/api/v1/correlation" + query);
        return fmt::format("{} {}", refused.status,
                           std::string(boost::json::parse(refused.body).at("detail").as_string()));
    };
    CHECK(problem("?devices=a&fields=x,y") ==
          "400 step: is missing: buckets of that width are compared");
    CHECK(problem("?devices=a&fields=x&step=1s") ==
          "400 1 devices and 1 fields are 1 series: 2 to 32 are compared");
    CHECK(problem("?devices=a,pump&fields=x&step=1s") ==
          "404 there is no device 'pump' in the stream");
    CHECK(problem("?devices=a&fields=x,z&step=1s") == "404 device 'a' has no field 'z'");
    CHECK(problem("?fields=x,z&step=1s") == "400 devices and fields: both are needed");
}
