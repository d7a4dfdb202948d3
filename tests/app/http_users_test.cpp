// Goal: with users and rights configured, HTTP serves each what he may, and a change of the users
// file takes effect while the server runs. Method: the program itself and its files.
#include "app/site.hpp"

#include <holdfast/base/clock.hpp>
#include <holdfast/identity/tokens.hpp>
#include <holdfast/identity/users.hpp>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>

using namespace holdfast::test;
using holdfast::identity::Users;

namespace {

const char* const kConfig = R"(
listeners: {mqtt: "127.0.0.1:0", http: "127.0.0.1:0"}
log_level: error
access: access.yaml
users: users
streams: {telemetry: {partitions: 1}, secret: {partitions: 1}}
)";
const char* const kAccess = R"(
roles:
  viewer:
    - {allow: read, streams: [telemetry], areas: [alarms]}
)";

HttpAnswer get(Socket& socket, const std::string& target, const std::string& token) {
    const auto header = token.empty() ? "" : "Authorization: Bearer " + token + "\r\n";
    return http_send(socket,
                     fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, header));
}

} // namespace

TEST_CASE("HTTP serves each user what he may, until he may not", "[app][http]") {
    const Site site(kConfig);
    write_file(site.directory() / "access.yaml", kAccess);
    const auto now_ms = holdfast::SystemClock().now_ms();
    const auto token = holdfast::identity::make_token("eve", "", now_ms, 0);
    const auto users_file = site.directory() / "users";
    REQUIRE(holdfast::identity::change_users(users_file, [&](Users& users) {
        users.users.push_back({"eve", {"viewer"}, "", false});
        users.tokens.push_back(token.stored);
        return holdfast::ok();
    }));
    const auto server = site.start();
    Socket http(server->port("http"));
    CHECK(get(http, "/healthz", "").status == 200);
    CHECK(get(http, "/api/v1/alarms", "").status == 401);
    CHECK(get(http, "/api/v1/alarms", token.text).status == 200);
    CHECK(get(http, "/api/v1/streams/telemetry/records", token.text).status == 200);
    CHECK(get(http, "/api/v1/streams/secret/records", token.text).status == 403);

    REQUIRE(holdfast::identity::change_users(users_file, [&](Users& users) {
        users.tokens.clear();
        return holdfast::ok();
    }));
    server->signal(SIGHUP);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    unsigned status = 200; // 403 for one that was being served just then
    while (status != 401 && std::chrono::steady_clock::now() < deadline)
        status = static_cast<unsigned>(get(http, "/api/v1/alarms", token.text).status);
    CHECK(status == 401);
    server->signal(SIGTERM);
    CHECK(server->wait() == 0);
}
