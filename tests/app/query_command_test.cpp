// Goal: `holdfast query` shows what a server or a data directory holds, and says what is wrong
// where it cannot. Method: the programs themselves.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

const char* const kConfig =
    "listeners: {mqtt: off, http: \"127.0.0.1:0\"}\n"
    "log_level: error\n"
    "streams: {telemetry: {partitions: 2}}\n"
    "bridge: [{topic: \"car/{id}\", stream: telemetry, device: \"{id}\"}]\n";

void publish(std::uint16_t port, const std::string& car, const std::string& payload) {
    Socket http(port);
    REQUIRE(http_post(http, "/api/v1/publish/car/" + car, "application/json", payload).status ==
            200);
}

} // namespace

TEST_CASE("a running server and its data directory give the same answers", "[app][query]") {
    const Site site(kConfig);
    const auto server = site.start();
    const auto port = server->port("http");
    publish(port, "c1", R"({"speed": 81.5, "note": "a\tb"})");
    publish(port, "c2", R"({"speed": 7})");
    publish(port, "c1", R"({"speed": 90})");
    const auto url = fmt::format("http://127.0.0.1:{}", port);
    const std::string sql =
        "SELECT device, max(speed) AS top, max(note) AS note FROM 'car/+' "
        "GROUP BY device ORDER BY device";
    const auto remote = run_holdfast({"query", sql, "--url", url});
    CHECK(remote.errors == "");
    CHECK(remote.exit_code == 0);
    CHECK_THAT(remote.output, StartsWith(" device | ") && Contains(" c1     |  90 | a\\x09b\n") &&
                                  Contains("| NULL\n") && Contains("(2 rows, "));
    const auto csv = run_holdfast({"query", sql, "--url", url, "--format", "csv"});
    CHECK_THAT(csv.output, StartsWith("device,top,note\r\nc1,90"));

    const auto data_dir = site.data_dir().string();
    const auto beside = run_holdfast({"query", sql, "--data-dir", data_dir, "--format", "csv"});
    CHECK(beside.errors == "");
    CHECK(beside.output == csv.output);
    const auto plan =
        run_holdfast({"query", "EXPLAIN SELECT count(payload) FROM telemetry", "--url", url});
    CHECK_THAT(plan.output, Contains("from the log alone: history ") && !Contains("..."));
    const auto param =
        run_holdfast({"query", "SELECT count(*) AS n FROM telemetry WHERE device = :d", "-p",
                      "d=c1", "--data-dir", data_dir, "--format", "csv"});
    CHECK(param.output == "n\r\n2\r\n");
}

TEST_CASE("a query's table says which records could not be read", "[app][query]") {
    const Site site(kConfig);
    const auto server = site.start();
    publish(server->port("http"), "c1", R"({"speed": )");
    const auto url = fmt::format("http://127.0.0.1:{}", server->port("http"));
    const auto answer = run_holdfast({"query", "SELECT speed FROM 'car/+'", "--url", url});
    CHECK(answer.exit_code == 0);
    CHECK_THAT(answer.output,
               Contains("records that could not be read, NULL above: 1; the first: ") &&
                   Contains(", offset 0: payload is damaged JSON\n"));
}

TEST_CASE("a query that cannot be answered says why", "[app][query]") {
    const Site site(kConfig);
    const auto server = site.start();
    const auto url = fmt::format("http://127.0.0.1:{}", server->port("http"));
    const auto refused = [](const std::vector<std::string>& words, const std::string& reason) {
        const auto outcome = run_holdfast(words);
        CAPTURE(outcome.errors);
        CHECK(outcome.exit_code == 1);
        CHECK(outcome.output == "");
        CHECK_THAT(outcome.errors, StartsWith("holdfast: ") && Contains(reason));
    };
    refused({"query", "SELECT FROM telemetry", "--url", url}, "line 1, column 8");
    refused({"query", "SELECT 1", "--url", "http://127.0.0.1:1"}, "127.0.0.1:1");
    refused({"query", "SELECT 1", "--data-dir", site.data_dir().string() + "-none"}, "-none");
    refused({"query", "SELECT 1", "--url", url, "-p", "x"}, "name=value is expected");
}
