// Goal: a history that does not open keeps nobody from the log, nor from what history can have from
// it again. Method: the program itself, on a history whose files were harmed while it was down.
#include "app/site.hpp"
#include "app/socket.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

using namespace holdfast::test;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: off, http: "127.0.0.1:0"}
log_level: error
streams: {telemetry: {partitions: 2}}
bridge: [{topic: "{device}", stream: telemetry, device: "{device}"}]
history: {enabled: true}
)";

void publish(Socket& http, int number) {
    REQUIRE(http_post(http, fmt::format("/api/v1/publish/d{}", number % 3), "application/json",
                      fmt::format("{{\"n\":{}}}", number))
                .status == 200);
}

std::string ask(Socket& http, const std::string& sql) {
    return http_post(http, "/api/v1/query", "text/plain", sql).body;
}

void wait_for(Socket& http, const std::string& sql, const std::string& expected) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (ask(http, sql).find(expected) == std::string::npos)
        REQUIRE(std::chrono::steady_clock::now() < deadline);
}

const char* const kCount = "SELECT count(n) AS rows FROM telemetry@history";

void stop(ServerProcess& server) {
    server.signal(SIGTERM);
    CHECK(server.wait() == 0);
}

} // namespace

TEST_CASE("a history that does not open is set aside, and built anew from the log",
          "[app][history]") {
    Site site(kConfig);
    const fs::path history = site.data_dir() / "history";
    const fs::path aside = site.data_dir() / "history.damaged";
    {
        const auto server = site.start();
        Socket http(server->port("http"));
        for (int i = 0; i < 30; ++i) publish(http, i);
        wait_for(http, kCount, "[30]");
        stop(*server);
    }
    for (int again = 0; again < 2; ++again) {
        CAPTURE(again);
        write_file(history / "CURRENT", "harmed\n");
        const auto server = site.start();
        Socket http(server->port("http"));
        publish(http, 30 + again);
        wait_for(http, kCount, fmt::format("[{}]", 31 + again));
        wait_for(http, "SELECT count(*) AS n FROM alarms WHERE name = 'history_damaged'", "[1]");
        CHECK(fs::exists(aside / "CURRENT"));
        stop(*server);
        CHECK_THAT(server->errors(), Contains("history.damaged"));
    }
    // Once it opens, the alarm is over.
    const auto server = site.start();
    Socket http(server->port("http"));
    wait_for(http, kCount, "[32]");
    wait_for(http,
             "SELECT count(*) AS n FROM alarms WHERE name = 'history_damaged' AND state = 'active'",
             "[0]");
    stop(*server);
}
