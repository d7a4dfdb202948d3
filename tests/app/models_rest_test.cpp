// Goal: a model that is made over REST works on what comes, outlives the server, and is gone for
// good once it is deleted. Method: the program itself, messages and requests over HTTP.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>

using namespace holdfast::test;
using Catch::Contains;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
streams: {telemetry: {partitions: 2}}
bridge: [{topic: "plant/{device}/data", stream: telemetry, device: "{device}"}]
)";
const char* const kModel =
    "name: pump\nkind: ewma_pca\nsource: telemetry\nfields: [flow, pressure]\n"
    "options: {warmup_samples: 50}\n";

HttpAnswer ask(Socket& socket, const std::string& method, const std::string& target,
               const std::string& body = "") {
    return http_send(
        socket, fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}",
                            method, target, body.size(), body));
}

// Flow and pressure rise and fall together, unless the pump is broken.
void feed(Socket& http, int from, int to, bool is_broken) {
    std::string lines;
    for (int i = from; i < to; ++i) {
        const int flow = i % 7 + i % 3;
        const int pressure = is_broken ? -200 : 2 * flow + i % 2;
        lines += fmt::format(
            "{{\"topic\":\"plant/p1/data\",\"payload\":{{\"flow\":{},\"pressure\":{}}},\"ts\":{}}}"
            "\n",
            flow, pressure, 1'700'000'000'000 + i * 1'000LL);
    }
    REQUIRE(http_post(http, "/api/v1/publish", "application/x-ndjson", lines).status == 200);
}

// Asks until the answer holds `text`: each look is a request that the server answers.
bool comes_to_say(Socket& http, const std::string& target, const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline)
        if (http_get(http, target).body.find(text) != std::string::npos) return true;
    return false;
}

void end(ServerProcess& server) {
    server.signal(SIGTERM);
    REQUIRE(server.wait() == 0);
    CHECK(server.errors() == "");
}

} // namespace

TEST_CASE("a model made over REST raises, outlives a restart and can be deleted", "[app][models]") {
    const Site site(kConfig);
    {
        const auto server = site.start();
        Socket http(server->port("http"));
        REQUIRE(ask(http, "POST", "/api/v1/models", kModel).status == 201);
        feed(http, 0, 100, false);
        REQUIRE(comes_to_say(http, "/api/v1/models/pump", R"("scored":100)"));
        CHECK(http_get(http, "/api/v1/alarms?state=active").body == "[]");
        feed(http, 100, 110, true);
        REQUIRE(
            comes_to_say(http, "/api/v1/alarms?state=active&source=pump", R"("state":"active")"));
        CHECK_THAT(http_get(http, "/api/v1/alarms?source=pump").body, Contains("p1"));
        CHECK(http_get(http, "/api/v1/alarms?state=cleared").body == "[]");
        CHECK(http_get(http, "/api/v1/alarms?source=other").body == "[]");
        CHECK(http_get(http, "/api/v1/alarms?state=loud").status == 400);
        CHECK_THAT(http_get(http, "/api/v1/models/pump").body,
                   Contains(R"("devices":1)") && Contains(R"("alarms_raised":1)"));
        end(*server);
    }
    {
        const auto server = site.start();
        Socket http(server->port("http"));
        CHECK_THAT(http_get(http, "/api/v1/models/pump").body,
                   Contains(R"("definition":"name: pump\n)") && Contains(R"("devices":1)"));
        CHECK_THAT(http_get(http, "/api/v1/alarms?state=active").body, Contains("pump"));
        CHECK(ask(http, "DELETE", "/api/v1/models/pump").status == 204);
        CHECK(http_get(http, "/api/v1/models").body == "[]");
        CHECK(http_get(http, "/api/v1/alarms?state=active").body == "[]");
        CHECK_THAT(http_get(http, "/api/v1/alarms?state=cleared").body,
                   Contains("pump") && Contains(R"("reason":"removed")"));
        end(*server);
    }
    const auto server = site.start();
    Socket http(server->port("http"));
    CHECK(http_get(http, "/api/v1/models/pump").status == 404);
    CHECK(http_get(http, "/api/v1/models").body == "[]");
    end(*server);
}
