// Goal: `holdfast log tail` prints each record of a running server once, also over a restart of
// the server, and says why it cannot. Method: the programs themselves.
#include "app/site.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

using namespace holdfast::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

// The port stays, so that the tail finds the server again.
std::string config(std::uint16_t port) {
    return fmt::format(
        "listeners: {{mqtt: off, http: \"127.0.0.1:{}\"}}\n"
        "log_level: error\n"
        "streams: {{telemetry: {{partitions: 2}}}}\n"
        "bridge: [{{topic: \"car/{{id}}\", stream: telemetry, device: \"{{id}}\"}}]\n",
        port);
}

void publish(std::uint16_t port, const std::string& car, int value) {
    Socket http(port);
    REQUIRE(http_post(http, "/api/v1/publish/car/" + car, "application/json", fmt::to_string(value))
                .status == 200);
}

} // namespace

TEST_CASE("a tail prints every record once, over a restart of its server", "[app][log]") {
    std::uint16_t port = 0;
    {
        const Site picks(config(0));
        port = picks.start()->port("http");
    }
    const Site site(config(port));
    auto server = site.start();
    publish(port, "c1", 0);
    const auto url = fmt::format("http://127.0.0.1:{}", port);
    const std::vector<std::string> words{"log",    "tail", "telemetry", "--url", url,
                                         "--from", "0",    "--limit",   "4"};
    ServerProcess tail(words);
    REQUIRE(tail.wait_for_output("\"value\":0,"));
    publish(port, "c2", 1);
    REQUIRE(tail.wait_for_output("\"value\":1,"));
    server->signal(SIGKILL);
    (void)server->wait();
    server = site.start();
    publish(port, "c1", 2);
    publish(port, "c1", 3);
    CHECK(tail.wait() == 0);
    for (int value = 0; value < 4; ++value) {
        const auto text = fmt::format("\"value\":{},", value);
        CHECK(tail.output().find(text) == tail.output().rfind(text));
        CHECK_THAT(tail.output(), Contains(text));
    }
    CHECK(std::count(tail.output().begin(), tail.output().end(), '\n') == 4);
    CHECK_THAT(tail.errors(), Contains(url + " is gone; waiting for it"));
}

TEST_CASE("a tail takes one partition or one key, and refuses what is not there", "[app][log]") {
    const Site site(config(0));
    const auto server = site.start();
    const auto port = server->port("http");
    for (int i = 0; i < 4; ++i) publish(port, i % 2 == 0 ? "c1" : "c&2", i);
    const auto url = fmt::format("http://127.0.0.1:{}", port);
    const auto run = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"log", "tail", "--url", url});
        return run_holdfast(words);
    };
    const auto of_key =
        run({"telemetry", "--from", "1970-01-01T00:00:00Z", "--key", "c&2", "--limit", "2"});
    CHECK(of_key.exit_code == 0);
    CHECK_THAT(of_key.output,
               Contains("\"value\":1,") && Contains("\"value\":3,") && !Contains("\"key\":\"c1\""));
    const auto none = run({"none"});
    CHECK(none.exit_code == 1);
    CHECK_THAT(none.errors, Contains("there is no stream 'none'"));
    CHECK_THAT(run({"telemetry", "--partition", "2"}).errors, Contains("partition"));
    CHECK_THAT(run({"telemetry", "--from", "noon"}).errors, Contains("noon"));
    CHECK(run({"telemetry", "--offset", "1"}).exit_code != 0);
    const auto nobody = run_holdfast({"log", "tail", "telemetry", "--url", "http://127.0.0.1:1"});
    CHECK(nobody.exit_code == 1);
    CHECK_THAT(nobody.errors, StartsWith("holdfast: http://127.0.0.1:1: "));
    CHECK_THAT(run_holdfast({"log", "tail", "telemetry", "--url", "localhost"}).errors,
               Contains("http://host:port"));
}
