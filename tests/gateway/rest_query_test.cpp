// Goal: POST /api/v1/query answers as docs/rest/query.md says: whole or broken off, never half.
// Method: a log with records, the query engine and a server on a free port; a raw client.
#include <holdfast/gateway/http/client.hpp>
#include <holdfast/gateway/rest/api.hpp>
#include <holdfast/gateway/rest/idempotency_keys.hpp>
#include <holdfast/gateway/rest/once.hpp>
#include <holdfast/log/log.hpp>
#include <holdfast/query/engine.hpp>
#include <support/keyspaces.hpp>
#include <support/temp_dir.hpp>
#include "gateway/http_client.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>

using namespace holdfast;
using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

struct Site {
    explicit Site(query::EngineSettings settings = {}) : log(open()) {
        log::StreamSettings stream;
        stream.name = "events";
        stream.partitions = 1;
        REQUIRE(log->create_stream(stream));
        query::Engine::Parts parts{
            *log, clock, [](std::string_view) { return std::vector<std::string>{"events"}; }};
        parts.tables.push_back(query::streams_table(*log));
        engine.emplace(settings, std::move(parts));
        const gateway::Once once(keys, work);
        gateway::add_produce_routes(router, *log, clock, once);
        gateway::add_query_route(router, *engine);
        running.emplace(router);
        client.emplace(running->server().port());
    }
    ~Site() {
        client.reset();
        running->stop();
        work.stop();
        engine.reset();
    }
    std::unique_ptr<log::Log> open() {
        auto opened = log::Log::open(
            {.directory = dir.path() / "log", .keyspaces = test::all_keyspaces()}, clock, metrics);
        REQUIRE(opened);
        return std::move(opened).value();
    }
    // Records `{"n": i, "pad": "..."}` of the keys a and b by turns.
    void produce(int count, std::size_t pad = 0) {
        std::string body = "[";
        for (int i = 0; i < count; ++i)
            body += fmt::format(R"({}{{"key":"{}","value":{{"n":{},"pad":"{:x<{}}"}}}})",
                                i == 0 ? "" : ",", i % 2 == 0 ? "a" : "b", i, "", pad);
        REQUIRE(client
                    ->send("POST", "/api/v1/streams/events/records", body + "]",
                           "Content-Type: application/json\r\n")
                    .status == 200);
    }
    Answer ask(std::string_view body, std::string_view target = "/api/v1/query") {
        return client->send("POST", target, body);
    }

    TempDir dir;
    SystemClock clock;
    Metrics metrics;
    std::unique_ptr<log::Log> log;
    gateway::IdempotencyKeys keys{*log, clock};
    gateway::WorkQueue work;
    std::optional<query::Engine> engine;
    gateway::Router router;
    std::optional<RunningServer> running;
    std::optional<Client> client;
};

} // namespace

TEST_CASE("a query is answered with columns, rows and counts", "[gateway][query]") {
    Site site;
    site.produce(5);
    const auto answer = site.ask(
        "SELECT device, count(*) AS n, min(n) AS least FROM events GROUP BY device "
        "ORDER BY device");
    CHECK(answer.status == 200);
    CHECK_THAT(answer.head, Contains("Content-Type: application/json"));
    CHECK_THAT(answer.body,
               StartsWith(R"({"columns":[{"name":"device","type":"TEXT"},)"
                          R"({"name":"n","type":"BIGINT"},{"name":"least","type":"BIGINT"}],)"
                          "\n\"rows\":[\n[\"a\",3,0],\n[\"b\",2,1]],\n\"row_count\":2,"
                          "\"rows_read\":5,\"mismatches\":0,"));
}

TEST_CASE("a query's answer comes as CSV or NDJSON, too", "[gateway][query]") {
    Site site;
    site.produce(2);
    const std::string sql =
        "SELECT device, n, n > 0 AS more, missing, 'a,\"b\"' AS \"odd name\" "
        "FROM events ORDER BY n";
    const auto csv = site.ask(sql, "/api/v1/query?format=csv");
    CHECK_THAT(csv.head, Contains("Content-Type: text/csv"));
    CHECK(csv.body ==
          "device,n,more,missing,odd name\r\na,0,false,,\"a,\"\"b\"\"\"\r\n"
          "b,1,true,,\"a,\"\"b\"\"\"\r\n");
    const auto lines = site.ask(sql, "/api/v1/query?format=ndjson");
    CHECK_THAT(lines.head, Contains("Content-Type: application/x-ndjson"));
    CHECK_THAT(lines.body, StartsWith(R"({"device":"a","n":0,"more":false,"missing":null,)"
                                      R"("odd name":"a,\"b\""})"
                                      "\n") &&
                               Contains("\n{\"summary\":{\"row_count\":2,"));
    CHECK(site.ask("SELECT n FROM events WHERE false", "/api/v1/query?format=csv").body == "n\r\n");
    CHECK_THAT(site.ask("SELECT n FROM events WHERE false").body,
               StartsWith("{\"columns\":[{\"name\":\"n\",\"type\":\"NULL\"}],\n\"rows\":[],\n"));
}

TEST_CASE("parameters stand where the query has their names", "[gateway][query]") {
    Site site;
    site.produce(4);
    const auto named = site.ask(R"({"sql":"SELECT n FROM events WHERE device = :d AND n > :min",)"
                                R"("params":{"d":"a","min":0},"format":"csv"})");
    CHECK(named.body == "n\r\n2\r\n");
    const auto numbered =
        site.ask(R"({"sql":"SELECT $1 AS a, $2 AS b, $3 AS c","params":["x",1.5,null]})");
    CHECK_THAT(numbered.body, Contains("\"rows\":[\n[\"x\",1.5,null]]"));
}

TEST_CASE("a mistake in a query is named, and nothing is answered in part", "[gateway][query]") {
    Site site;
    struct Row {
        const char* body;
        unsigned status;
        const char* detail;
    };
    const auto row = GENERATE(values<Row>({
        {"SELECT FROM events", 400, "line 1, column 8"},
        {"SELECT coun(n) FROM events", 400, "count"},
        {"SELECT * FROM evnts", 404, "evnts"},
        {"", 400, "the body is the query"},
        {R"({"sql":"SELECT 1","parms":[]})", 400, "'parms' is none of"},
        {R"({"sql":"SELECT 1","format":"xml"})", 400, "format: 'xml' is none of"},
        {R"({"sql":"SELECT 1","timeout_ms":0})", 400, "timeout_ms: a whole number"},
        {R"({"sql":"SELECT 1","params":[[1]]})", 400, "params: $1 is neither"},
        {R"({"sql":"SELECT 1","params":7})", 400, "params: an array"},
        {R"({"params":[]})", 400, "sql: is missing"},
        {R"({"sql":"SELECT 1","sql":"SELECT 2"})", 400, "sql"},
    }));
    CAPTURE(row.body);
    const auto answer = site.ask(row.body);
    CAPTURE(answer.body);
    CHECK(answer.status == row.status);
    CHECK_THAT(answer.head, Contains("application/problem+json"));
    CHECK_THAT(answer.body, Contains(row.detail));
}

TEST_CASE("a long answer arrives whole, in pieces", "[gateway][query]") {
    Site site;
    constexpr int kRecords = 3'000;
    site.produce(kRecords, 200);
    auto client = gateway::HttpClient::connect(
        {fmt::format("http://127.0.0.1:{}", site.running->server().port())});
    REQUIRE(client);
    gateway::HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1/query?format=ndjson";
    request.body = "SELECT n, payload FROM events ORDER BY n";
    std::string body;
    int pieces = 0;
    const auto response = client.value().stream(request, [&](std::string_view piece) {
        body += piece;
        ++pieces;
        return true;
    });
    REQUIRE(response);
    CHECK(response.value().status == 200);
    CHECK(pieces > 1);
    CHECK(std::count(body.begin(), body.end(), '\n') == kRecords + 1);
    CHECK_THAT(body, Contains(fmt::format("\"row_count\":{},", kRecords)));
}

TEST_CASE("rows that repeat a large value are sent as they are made", "[gateway][query]") {
    Site site;
    site.produce(60, 10'000); // joined with themselves: 36 MB of text in two batches
    Client reader(site.running->server().port());
    const std::string body = "SELECT a.payload FROM events a CROSS JOIN events b";
    reader.write("POST /api/v1/query?format=csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    const auto answer = reader.read();
    CHECK(answer.status == 200);
    const auto first = reader.read_chunk();
    REQUIRE(first);
    CHECK(first->size() < 1'000'000); // a piece ends behind the row that fills it
}

TEST_CASE("a query that needs more memory than it may have gets a clear answer",
          "[gateway][query]") {
    query::EngineSettings settings;
    settings.memory_bytes_max = 64U << 10U;
    Site site(settings);
    site.produce(2'000, 200);
    const auto answer = site.ask("SELECT payload FROM events ORDER BY payload");
    CHECK(answer.status == 422);
    CHECK_THAT(answer.body, Contains("memory"));
    CHECK(site.ask("SELECT count(*) FROM events").status == 200);
}

TEST_CASE("a handler hears that its client hung up", "[gateway][http]") {
    gateway::Router router;
    std::promise<void> gone;
    std::optional<std::stop_callback<std::function<void()>>> on_gone;
    std::optional<gateway::Reply> held;
    std::promise<void> asked;
    router.add("GET", "/wait", {}, gateway::Right::open("a test"),
               [&](const gateway::HttpRequest&, const gateway::Reply& reply) {
                   held = reply;
                   on_gone.emplace(reply.gone(), [&] { gone.set_value(); });
                   asked.set_value();
               });
    RunningServer running(router);
    {
        Client client(running.server().port());
        client.write("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n");
        asked.get_future().wait();
        CHECK_FALSE(held->gone().stop_requested());
    }
    CHECK(gone.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
    on_gone.reset();
    held.reset();
}
