// Goal: clients of InfluxDB sign in as they are used to, write what they may, and what they wrote
// is there for SQL and history. Method: the program with users; its sockets, and Python's client
// where it is installed.
#include "app/client_program.hpp"
#include "app/site.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/identity/password.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>

using namespace holdfast::test;
using Catch::Contains;
using holdfast::identity::Users;

namespace {

// telegraf writes into `telemetry`, with a password and with a token; anne reads it.
class InfluxSite {
public:
    InfluxSite()
        : site_(R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
access: access.yaml
users: users
streams: {telemetry: {partitions: 1}, other: {partitions: 1}}
)") {
        write_file(site_.directory() / "access.yaml", R"(
roles:
  agent: [{allow: write, streams: [telemetry]}]
  reader: [{allow: read, streams: [telemetry], areas: [query]}]
)");
        const auto now_ms = holdfast::SystemClock().now_ms();
        const auto made = holdfast::identity::make_token("telegraf", "", now_ms, 0);
        const auto read = holdfast::identity::make_token("anne", "", now_ms, 0);
        const auto hash = holdfast::identity::hash_password("correct: horse", {64, 1}).value();
        REQUIRE(holdfast::identity::change_users(site_.directory() / "users", [&](Users& users) {
            users.users = {{"anne", {"reader"}, "", false}, {"telegraf", {"agent"}, hash, false}};
            users.tokens = {made.stored, read.stored};
            std::ranges::sort(users.tokens, {}, &holdfast::identity::Token::id);
            return holdfast::ok();
        }));
        token = made.text;
        reader_ = read.text;
        server_ = site_.start();
        http_ = std::make_unique<Socket>(server_->port("http"));
    }

    int write(const std::string& query, const std::string& authorization) {
        return post(query, authorization, "motor,device=lift-3 temp=21.5 1714554000000000000\n")
            .status;
    }
    std::string query(const std::string& sql) {
        return post("/api/v1/query?format=csv", "Bearer " + reader_, sql).body;
    }
    std::uint16_t port() { return server_->port("http"); }

    std::string token;

private:
    HttpAnswer post(const std::string& target, const std::string& authorization,
                    const std::string& body) {
        const std::string sign_in =
            authorization.empty() ? "" : "Authorization: " + authorization + "\r\n";
        return http_send(*http_, fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n"
                                             "Content-Type: text/plain\r\n{}"
                                             "Content-Length: {}\r\n\r\n{}",
                                             target, sign_in, body.size(), body));
    }

    const Site site_;
    std::string reader_;
    std::unique_ptr<ServerProcess> server_;
    std::unique_ptr<Socket> http_;
};

} // namespace

TEST_CASE("a client signs in in each of the ways of InfluxDB", "[app][http][influx]") {
    InfluxSite site;
    const std::string v1 = "/write?db=telemetry";
    const std::string v2 = "/api/v2/write?org=plant&bucket=telemetry";
    CHECK(site.write(v2, "Token " + site.token) == 204);
    CHECK(site.write(v1, "Token telegraf:correct: horse") == 204);
    CHECK(site.write(v1, "Basic dGVsZWdyYWY6Y29ycmVjdDogaG9yc2U=") == 204);
    CHECK(site.write(v1 + "&u=telegraf&p=correct%3A+horse", "") == 204);

    CHECK(site.write(v2, "") == 401);
    CHECK(site.write(v2, "Token hft_none") == 401);
    CHECK(site.write(v1, "Token telegraf:wrong") == 401);
    CHECK(site.write(v1 + "&u=telegraf&p=wrong", "") == 401);
    CHECK(site.write(v1 + "&u=telegraf", "") == 401);
    CHECK(site.write("/write?db=other", "Token " + site.token) == 403);
    CHECK(site.write("/write?db=audit", "Token " + site.token) == 403);
    // What lists no such parameters takes no password in its query.
    CHECK(site.write("/api/v1/streams/telemetry/records?u=telegraf&p=correct%3A+horse", "") == 400);
}

TEST_CASE("Python's client of InfluxDB writes what SQL reads", "[app][http][influx]") {
    InfluxSite site;
    if (!check_done({"tests/clients/influxdb_client.py", std::to_string(site.port()), "telegraf",
                     "correct: horse", "telemetry"},
                    "/usr/bin/python3"))
        return;
    const auto rows = site.query(
        "SELECT device, count(*) AS n, min(ts) AS since, max(motor.temp) AS "
        "top, min(motor.state) AS state FROM telemetry WHERE motor.temp > 0 "
        "GROUP BY device ORDER BY device");
    CHECK_THAT(rows, Contains("lift-3,10,2024-05-01T09:00:00.000Z,24.5,\"run, \"\"slow\"\"\""));
    CHECK_THAT(rows, Contains("lift-4,1,2024-05-01T09:00:00.000Z,1"));
    CHECK_THAT(rows, Contains("lift-5,1,"));
    CHECK_THAT(site.query("SELECT tags.hall FROM telemetry WHERE device = 'lift-3' LIMIT 1"),
               Contains("a b"));
}
